"""Chinese passages of an English page, marked as Chinese (WCAG 2.1, 3.1.2), so that they are read out and set as such.

Names of regions, of items and of documents come in Chinese into nearly every sentence of an English page. They are found
here, once the page is written, rather than marked in each template: a template does not know in what language a label was
to be had.
"""

import re

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_JOINED = "\u3001-\u303f\uff01-\uff5e\u2014\u2026\u201c\u201d\u00b7"
_PASSAGE = re.compile(rf"[《（【“]?[{HAN}](?:[{HAN}{_JOINED}0-9 ]*[{HAN}{_JOINED}])?")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>")
_LANG = re.compile(r"\slang=\"([^\"]*)\"")
_IS_HAN = re.compile(f"[{HAN}]")

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
TEXT_ONLY = frozenset({"option", "text", "textarea", "title"})
"""Elements that hold text and no other element: they are marked as a whole."""
NOT_READ = frozenset({"script", "style"})


def marked(html: str) -> str:
    """An English page with ``lang`` on whatever is Chinese in it and not yet said to be. The page is well-formed, with
    double quotes around attributes, as our templates are."""
    out: list[str] = []
    open_: list[tuple[str, bool, int]] = []  # the element, whether Chinese, where in ``out`` it begins
    end = 0
    for tag in _TAG.finditer(html):
        _text(html[end : tag.start()], open_, out)
        end = tag.end()
        name = tag[2].lower()
        if tag[1]:
            while open_ and open_.pop()[0] != name:
                pass
        elif name not in VOID and not tag[3].endswith("/"):
            said = _LANG.search(tag[3])
            is_chinese = said[1].startswith("zh") if said else bool(open_) and open_[-1][1]
            open_.append((name, is_chinese, len(out)))
        out.append(tag[0])
    out.append(html[end:])
    return "".join(out)


def _text(text: str, open_: list[tuple[str, bool, int]], out: list[str]) -> None:
    if not open_ or open_[-1][1] or not _IS_HAN.search(text):
        out.append(text)
        return
    name, _, begin = open_[-1]
    if name in NOT_READ:
        out.append(text)
    elif name in TEXT_ONLY:
        if name != "title" or "svg" in (one[0] for one in open_):  # that of a page names an English page
            out[begin] = _speaking_chinese(out[begin])
        out.append(text)
    else:
        out.append(_PASSAGE.sub(lambda found: f'<span lang="zh-CN">{found[0]}</span>', text))


def _speaking_chinese(tag: str) -> str:
    return tag if _LANG.search(tag) else re.sub(r"^<[A-Za-z]+", r'\g<0> lang="zh-CN"', tag)
