"""What is Chinese on an English page says so: a table of pieces, and the pages themselves."""

import pytest
from flask.testing import FlaskClient

from app.web.passages import marked

SPAN = '<span lang="zh-CN">'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p lang="en">No Chinese</p>', '<p lang="en">No Chinese</p>'),
        ("<p>In 烟台市 today</p>", f"<p>In {SPAN}烟台市</span> today</p>"),
        ("<p>《办法》第3条、第4条</p>", f"<p>{SPAN}《办法》第3条、第4条</span></p>"),
        ("<p>烟台 &amp; 济南</p>", f"<p>{SPAN}烟台</span> &amp; {SPAN}济南</span></p>"),
        ("<p>a<br>烟台<br/>b</p>", f"<p>a<br>{SPAN}烟台</span><br/>b</p>"),
        (
            '<p lang="zh-CN">烟台<b>市</b></p><p>市</p>',
            f'<p lang="zh-CN">烟台<b>市</b></p><p>{SPAN}市</span></p>',
        ),
        ('<p lang="zh"><i lang="en">a 市</i></p>', f'<p lang="zh"><i lang="en">a {SPAN}市</span></i></p>'),
        ('<option value="1">370600 烟台</option>', '<option lang="zh-CN" value="1">370600 烟台</option>'),
        ("<textarea>\n烟台</textarea>", '<textarea lang="zh-CN">\n烟台</textarea>'),
        ('<svg><text x="1">烟台</text></svg>', '<svg><text lang="zh-CN" x="1">烟台</text></svg>'),
        ("<svg><title>烟台</title></svg>", '<svg><title lang="zh-CN">烟台</title></svg>'),
        ("<title>烟台 · Graph</title>", "<title>烟台 · Graph</title>"),
        ("<style>/* 烟台 */</style>", "<style>/* 烟台 */</style>"),
        ('<a title="烟台 > 市">x</a>', '<a title="烟台 > 市">x</a>'),
    ],
)
def test_marked(html: str, expected: str) -> None:
    whole = '<html lang="en">{}</html>'
    assert marked(whole.format(html)) == whole.format(expected)
    assert marked(whole.format(expected)) == whole.format(expected)


def test_an_english_page_marks_and_a_chinese_one_has_no_need(web: FlaskClient) -> None:
    english, chinese = (
        web.get(f"/regions/370000?lang={lang}", headers={"Accept": "text/html"}).text for lang in ("en", "zh")
    )
    assert SPAN in english and SPAN not in chinese
