"""Headings nobody declared: what is proposed for them, and that the lines for region.ttl are read as they say."""

import io
import json
import re
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from served import exchange, server, status
from test_pages import BROWSER, Page

from app import names
from app.cli import zwfw
from app.files import table, upload
from app.files.source import Unreadable
from app.headings import called, mapped, mapping
from app.headings.likeness import Name
from app.ontology import standards
from app.regions import description, region
from app.store.terms import Iri, Literal, RdfFormat, def_, parse
from app.web import Settings
from app.web import mapping as page
from app.web.turns import Turns

ROOT = Path(__file__).parent.parent
SYSTEM = standards.load()
ITEMS = "ImplementedItem.csv"

REGION = """@prefix zwfw: <https://w3id.org/zwfw/def#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/zwfw/id/370600> a zwfw:Region ; zwfw:regionCode "370600" .
<https://w3id.org/zwfw/graph/370600> dct:title "t"@zh ; dct:source "s"@zh ; dct:license <https://example.org/l> ;
    dct:issued "2026-01-01"^^xsd:date ; zwfw:dataStatus "synthetic" .
"""


def sheet(columns, file=ITEMS, name=""):
    """A sheet of columns: heading and values."""
    height = max((len(values) for values in columns.values()), default=0)
    rows = [
        (number + 2, [values[number] if number < len(values) else "" for values in columns.values()])
        for number in range(height)
    ]
    return table.Sheet(file, name, list(columns), rows)


def proposed(columns, file=ITEMS, **more):
    (found,) = mapping.propose([sheet(columns, file)], SYSTEM, **more)
    return found


def local(prop):
    return prop.iri.value.removeprefix(names.DEF) if prop else None


def heading(written, values=(), file=ITEMS):
    (found,) = proposed({written: list(values)}, file).headings
    return found


NAMES, CREDIT = ["市公安局", "市教育局"], ["11370600004220333X", "113706000042203340"]

CASES = [
    # a heading, cells, the file, and the property proposed for it; nothing where none is likely enough
    ("法定期限", ["20"], ITEMS, "statutoryTimeLimit"),
    ("法定时限", ["20"], ITEMS, "statutoryTimeLimit"),
    ("承诺时间", [], ITEMS, "promisedTimeLimit"),
    ("承诺办理时限（工作日）", ["5"], ITEMS, "promisedTimeLimit"),
    ("部门", NAMES, ITEMS, "implementingBodyName"),
    ("部门", CREDIT, ITEMS, "isProvidedBy"),
    ("部门", NAMES, "Department.csv", "name"),
    ("电话", [], ITEMS, "consultationPhone"),
    ("联系电话", [], ITEMS, "consultationPhone"),
    ("投诉热线", [], ITEMS, "supervisionPhone"),
    ("sxmc", [], ITEMS, "name"),
    ("shixiangmingcheng", [], ITEMS, "name"),
    ("ShiXiang_MingCheng", [], ITEMS, "name"),
    ("ＳＸＭＣ", [], ITEMS, "name"),
    ("shixiangbianma", [], ITEMS, "implementationCode"),
    ("service_audience_name", [], ITEMS, "serviceAudienceName"),
    ("是否收取费用", ["是", "否"], ITEMS, "chargesFee"),
    ("权力类型", ["行政许可", "行政确认"], ITEMS, "hasItemType"),
    ("类别", ["行政许可", "行政确认"], ITEMS, "hasItemType"),
    ("设定的依据", [], ITEMS, "legalBasis"),
    ("序号", ["1", "2"], "Material.csv", "materialNumber"),
    ("序号", ["1", "2"], ITEMS, None),
    ("必要性", [], "Material.csv", "hasMaterialNecessity"),
    ("备注", ["无"], ITEMS, None),
    ("鱷魚", [], ITEMS, None),
    ("xyzzy", [], ITEMS, None),
    ("42", [], ITEMS, None),
    ("！？", [], ITEMS, None),
    ("类别", ["1", "2"], ITEMS, None),  # bare numbers are in every code list
    ("办事" * 40, [], ITEMS, None),  # a sentence
]


@pytest.mark.parametrize("written, values, file, expected", CASES, ids=lambda value: str(value)[:20])
def test_proposals(written, values, file, expected):
    found = heading(written, values, file)
    assert local(found.prop) == expected
    assert found.known is None
    assert all(0 <= one.score <= 1 for one in (*found.others, *([found.chosen] if found.chosen else [])))


@pytest.mark.parametrize(
    "one, other, why",
    [
        ("事项 名称*", "事项名称", "标准名称"),
        ("联系电话", "咨询电话", "同义"),
        ("法定时限", "法定办结时限", "简称"),
        ("fdbjsx", "法定办结时限", "拼音首字母"),
        ("fadingbanjieshixian", "法定办结时限", "拼音"),
        ("条件", "受理条件", "常用写法"),
        ("受理窗口", "受理部门", "字面相近"),
    ],
)
def test_ways_to_be_alike(one, other, why):
    score, found = Name.of(one).like(Name.of(other))
    assert found == why and 0 < score <= 1


def test_what_a_name_is_of_stands_at_its_end():
    """实施主体 is not short for 实施主体性质, nor 承诺办结时限 for its unit."""
    assert Name.of("实施主体").like(Name.of("实施主体性质"))[1] == "字面相近"


def test_labels_are_known_and_need_no_line():
    found = proposed({"事项名称": ["a"], "实施编码": ["b"], "法定办结时限": ["3"]})
    assert [local(one.known) for one in found.headings] == [
        "name",
        "implementationCode",
        "statutoryTimeLimit",
    ]
    assert not found.needs_saying and found.kind_by == "name"
    assert "hasTable" not in mapped.turtle([found], SYSTEM, "zh")


def test_a_label_of_another_class_is_not_taken_for_granted():
    """部门代码 is the code of a department; in a table of items it is the link to one."""
    found = heading("部门代码", CREDIT)
    assert found.known is None and local(found.prop) == "isProvidedBy"
    assert local(heading("部门代码", CREDIT, "Department.csv").known) == "unifiedSocialCreditCode"


def test_a_property_is_given_away_once():
    found = proposed({"咨询电话": [], "电话": [], "联系电话": []})
    assert [local(one.prop) for one in found.headings] == ["consultationPhone", None, None]
    assert [local(one.outdone.prop) for one in found.headings[1:]] == ["consultationPhone"] * 2
    assert "“咨询电话”已有一列" in mapped.turtle([found], SYSTEM, "zh")
    found = proposed({"法定时限": [], "法定期限": []})
    assert [local(one.prop) for one in found.headings] == ["statutoryTimeLimit", None]


def test_what_is_equally_likely_is_left_to_choose():
    columns = {"办理方式": []}
    (found,) = proposed(columns).headings
    assert found.chosen is None and found.others[0].score >= called.ENOUGH
    lines = mapped.turtle([proposed(columns)], SYSTEM, "zh")
    assert "zwfw:hasHandlingForm" in lines and "zwfw:handlingFormName" in lines
    assert not re.search(r"(?m)^ *zwfw:hasColumn", lines)


def test_the_class_is_what_has_most_of_the_columns():
    for local_name in ("ImplementedItem", "Material", "Department", "ProcessStep", "Fee"):
        (example,) = table.read(ROOT / "data" / "370600" / f"{local_name}.csv")
        found = proposed({one: [] for one in example.headings}, "数据.csv")
        assert (found.kind, found.kind_by) == (def_(local_name), "headings"), local_name
    found = proposed({"备注": ["x"], "鱷魚": []}, "数据.csv")
    assert (found.kind, found.kind_by) == (None, "")
    assert proposed({"备注": []}, "实施清单事项.csv").kind == def_("ImplementedItem")


def test_a_missing_key_is_said():
    found = proposed({"事项名称": [], "法定期限": []})
    assert [local(one) for one in found.missing_keys] == ["implementationCode"]
    assert "缺少标识列“实施编码”" in mapped.turtle([found], SYSTEM, "zh")


@pytest.mark.parametrize(
    "values, maps, unknown, separator",
    [
        (["1", "5"], {"1": "01", "5": "05"}, (), ""),
        (["01", "行政许可"], {}, (), ""),
        (["行政许可事项", "01-行政许可"], {"行政许可事项": "01", "01-行政许可": "01"}, (), ""),
        (["1；5", "01"], {"1；5": "01；05"}, (), "；"),
        (["01、05"], {}, (), "、"),
        (["1", "天晴"], {"1": "01"}, ("天晴",), ""),
        (["行政"], {}, ("行政",), ""),  # close to all and to none
    ],
)
def test_values_of_coded_columns(values, maps, unknown, separator):
    found = heading("事项类型代码", values)
    assert {one.written: one.read for one in found.value_map} == maps
    assert (found.unknown_values, found.separator) == (unknown, separator)


def test_names_where_keys_should_be():
    assert heading("办理部门", NAMES).key_is_name
    assert not heading("办理部门", CREDIT).key_is_name


def test_the_same_table_gives_the_same_lines():
    columns = {one: [] for one, *_ in CASES}
    once = mapped.turtle([proposed(columns)], SYSTEM, "zh")
    called.vocabulary.cache_clear()
    assert mapped.turtle([proposed(columns)], standards.Standards(SYSTEM.folder), "zh") == once


LOCAL = {
    "shixiangbianma": ["A1", "A2"],
    "sxmc": ["新生儿落户", "居住证办理"],
    "法定期限": ["20", "5"],
    "权力类型": ["行政许可", "行政确认"],
    "备注": ["x", "y"],
    '引"号\\\n列': ["", ""],
}


def written(folder, columns, file="items.csv"):
    folder.mkdir(exist_ok=True)
    book = openpyxl.Workbook()
    book.active.append(list(columns))
    for cells in zip(*columns.values(), strict=True):
        book.active.append(cells)
    if file.endswith(".csv"):
        lines = [list(columns), *zip(*columns.values(), strict=True)]
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines]
        (folder / file).write_text("\n".join(quoted), "utf-8", newline="")
    else:
        book.save(folder / file)
    return folder / file


def uncommented(lines, *kept):
    """The lines as a person confirms them: those that name one of ``kept`` taken in."""
    return "\n".join(
        re.sub(r"^( *)# ", r"\1", line) if any(one in line for one in kept) else line
        for line in lines.splitlines()
    )


@pytest.mark.parametrize("file", ["items.csv", "items.xlsx"])
def test_the_lines_pasted_the_table_is_read(tmp_path, file):
    path = written(tmp_path / "370600", LOCAL, file)
    (tmp_path / "370600" / "region.ttl").write_text(REGION, "utf-8")
    with pytest.raises(Unreadable):
        region.read_folder(path.parent, SYSTEM)
    described = description.read(path.with_name("region.ttl"), SYSTEM)
    (found,) = mapping.propose(table.read(path), SYSTEM, described)
    lines = mapped.turtle([found], SYSTEM, "zh")
    assert found.code == "370600"
    lines = uncommented(lines, "isLeftOut true")
    (tmp_path / "370600" / "region.ttl").write_text(REGION + lines, "utf-8")
    graph = region.read_folder(path.parent, SYSTEM).graph
    item = Iri(names.thing("370600", "ImplementedItem", "A1"))
    stated = {(t.predicate, t.object) for t in graph if t.subject == item}
    assert (def_("name"), Literal("新生儿落户", language="zh")) in stated
    assert (def_("hasItemType"), Iri(names.concept("item-type", "01"))) in stated
    limit = Literal("20", datatype=Iri(names.XSD + "integer"))
    assert (def_("statutoryTimeLimit"), limit) in stated


def test_a_table_described_already_gets_the_columns_it_lacks(tmp_path):
    folder = tmp_path / "370600"
    path = written(folder, {"本地编号": ["A1"], "sxmc": ["落户"], "法定期限": ["20"]})
    described = (
        REGION
        + """<https://w3id.org/zwfw/graph/370600> zwfw:hasTable [ zwfw:fileName "items.csv" ;
    zwfw:describesClass zwfw:ImplementedItem ;
    zwfw:hasColumn [ zwfw:heading "本地编号" ; zwfw:mapsTo zwfw:implementationCode ] ] .
"""
    )
    (folder / "region.ttl").write_text(described, "utf-8")
    done = CliRunner().invoke(zwfw, ["map", str(path), "-o", str(tmp_path / "lines.ttl")])
    assert done.exit_code == 0, done.output
    lines = (tmp_path / "lines.ttl").read_text("utf-8")
    assert "本地编号" not in lines and "hasTable" not in lines
    columns = lines.partition("\n")[2]
    (folder / "region.ttl").write_text(described.replace("hasTable [", "hasTable [\n" + columns), "utf-8")
    assert len(region.read_folder(folder, SYSTEM).graph) > 3


def turtle_of(content):
    return list(parse(content.encode(), format=RdfFormat.TURTLE))


ANY = st.text(max_size=30) | st.text(alphabet="\"\\\n\r\t'#].;，\x00\x85\u2028事项名称部门编码", max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(ANY, st.lists(ANY, max_size=3), max_size=5),
    st.text(max_size=10),
    st.sampled_from(["", "表"]),
)
def test_any_heading_gives_valid_turtle(columns, file, name):
    columns |= {"事项类型代码": ["1", "\n] . #", '行政许可"']}
    found = mapping.propose([sheet(columns, file, name)], SYSTEM)
    for lang in ("zh", "en"):
        lines = mapped.turtle(found, SYSTEM, lang)
        turtle_of(lines)
        everything = turtle_of(re.sub(r"(?m)^( *)# (?=;|zwfw:)", r"\1", lines))
        headings = {quad.object.value for quad in everything if quad.predicate == def_("heading")}
        assert headings == {one.text for one in found[0].headings if one.needs_saying}


# the command


def run(*arguments):
    return CliRunner().invoke(zwfw, ["map", *map(str, arguments)])


def test_the_command(tmp_path):
    path = written(tmp_path / "list", LOCAL)
    done = run(path)
    assert done.exit_code == 0
    said, _, lines = done.stdout.partition("@prefix")
    assert re.search("法定期限 +法定办结时限 +0.8", said)
    assert len(turtle_of("@prefix" + lines)) > 5
    english = run(path, "--lang", "en").stdout
    assert "statutory time limit" in english and "abbreviation" in english
    answer = json.loads(run(path, "--json").stdout)
    (one,) = answer["tables"]
    by_heading = {said["heading"]: said for said in one["headings"]}
    assert by_heading["法定期限"]["proposal"]["iri"] == names.DEF + "statutoryTimeLimit"
    assert by_heading["备注"]["proposal"] is None
    assert turtle_of(answer["turtle"])


def test_signs_that_steer_a_terminal_do_not_reach_it(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text('"\x1b[31m红\n色",事项名称\n1,x\n', "utf-8")
    assert "\x1b" not in run(path).stdout


def test_the_code_comes_from_the_folder_or_the_cells(tmp_path):
    path = written(tmp_path / "370600", LOCAL)
    assert f"<{names.graph('370600')}>" in run(path).stdout
    path = written(tmp_path / "list", LOCAL)
    assert f"<{names.graph('六位代码')}>" in run(path).stdout
    path = written(tmp_path / "list", {**LOCAL, "行政区划代码": ["511602000000", "511602"]})
    assert f"<{names.graph('511602')}>" in run(path).stdout


def test_what_the_command_cannot_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'a,b\n"x')
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    (tmp_path / "a.txt").write_text("事项名称")
    for name in ("a.csv", "a.xlsx", "a.txt"):
        done = run(tmp_path / name)
        assert (done.exit_code, done.stdout) == (3, "") and name in done.stderr
    assert run(tmp_path / "none.csv").exit_code == 2
    path = written(tmp_path / "list", LOCAL)
    assert run(path, "-o", tmp_path / "none" / "x.ttl").exit_code == 2


def test_an_unfinished_region_ttl_is_no_obstacle(tmp_path):
    path = written(tmp_path / "list", LOCAL)
    path.with_name("region.ttl").write_text("@prefix", "utf-8")
    done = run(path)
    assert done.exit_code == 0 and "region.ttl" in done.stderr and "statutoryTimeLimit" in done.stdout


# what is sent


def test_a_workbook_that_claims_more_cells_than_memory_holds(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["AN1048576"] = "事项名称", "x"  # few enough to be tried
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(Unreadable, match=r"表\.xlsx.*内存"):
        upload.read(tmp_path / "t.xlsx", "表.xlsx", 10)


def test_what_is_sent_is_read_as_any_table_as_far_as_it_is_looked_at(tmp_path):
    for name in ("items.csv", "items.xlsx"):
        path = written(tmp_path / "list", LOCAL, name)
        assert upload.read(path, name, 10) == table.read(path)
        assert [len(one.rows) for one in upload.read(path, name, 1)] == [1]
    (tmp_path / "bad.csv").write_text("a,a,\n1,2,3\n")
    (one,) = upload.read(tmp_path / "bad.csv", "坏.csv", 10)
    assert {error.place.file for error in one.errors} == {"坏.csv"} and one.errors


def test_what_comes_back_is_bounded_however_much_is_sent(tmp_path):
    rows = [",".join(["x" * 201] * 200)] * 600 + ["1"] * 90
    (tmp_path / "t.csv").write_text("\n".join([",".join(f"c{n}" for n in range(200)), *rows]), "utf-8")
    (one,) = upload.read(tmp_path / "t.csv", "t.csv", 1000)
    assert len(one.rows) * 200 <= upload.MOST_CELLS and len(one.errors) == upload.MOST_ERRORS
    assert {len(cell) for _, cells in one.rows for cell in cells} == {upload.LONGEST_CELL}


def test_too_many_columns_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text(",".join(f"c{n}" for n in range(upload.MOST_HEADINGS + 1)))
    with pytest.raises(Unreadable, match="501 列"):
        upload.read(tmp_path / "t.csv", "t.csv", 10)


# the page


def sent(web, content, name, **headers):
    data = {"file": (io.BytesIO(content), name)}
    return web.post("/map", data=data, content_type="multipart/form-data", headers={**BROWSER, **headers})


def content_of(tmp_path, columns=LOCAL, file="items.csv"):
    return written(tmp_path / "sent", columns, file).read_bytes()


def test_the_form(web):
    answer = web.get("/map", headers=BROWSER)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert 'enctype="multipart/form-data"' in text and 'type="file"' in text
    assert 'href="/map"' in web.get("/", headers=BROWSER).get_data(as_text=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("file", ["items.csv", "items.xlsx"])
def test_a_table_sent(web, tmp_path, file, lang):
    answer = sent(
        web,
        content_of(tmp_path, file=file),
        "广安 事项." + file.partition(".")[2],
        **{"Accept-Language": lang},
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Language"] == lang
    assert "广安 事项." in re.sub(r"<[^>]*>", "", text) and "zwfw:statutoryTimeLimit" in text
    found = Page(text)
    assert not found.styled and "script" not in found.tags and found.tags.count("h1") == 1
    assert len(found.ids) == len(set(found.ids))


def test_nothing_is_kept(web, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    assert sent(web, content_of(tmp_path), "items.csv").status_code == 200
    assert sent(web, b"\0", "items.csv").status_code == 422
    assert list((tmp_path / "temp").iterdir()) == []


def test_hostile_headings_are_text(web, tmp_path):
    columns = {
        "<script>alert(1)</script>": ["x"],
        '"><img src=x onerror=alert(2)>': ["<b>"],
        "事项名称": ["x"],
    }
    text = sent(web, content_of(tmp_path, columns), "<i>.csv").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in text
    assert not {"script", "img", "i", "b"} & set(Page(text).tags)


@pytest.mark.parametrize(
    "name, shown",
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\fakepath\\事项.csv", "事项.csv"),
        ("/tmp/x/..\\..\\a.csv", "a.csv"),
        ("事\x00项\n.csv", "事项.csv"),
        ("..", ".."),
        ("", ""),
    ],
)
def test_only_the_name_of_a_file_counts(name, shown):
    assert upload.name_of(name) == shown


def test_a_name_with_folders(web, tmp_path):
    answer = sent(web, content_of(tmp_path), "../../../tmp/zwfw-was-here.csv")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "../" not in text.partition("<main")[2] and "zwfw-was-here.csv" in text
    assert not Path("/tmp/zwfw-was-here.csv").exists()


def test_too_large(web, monkeypatch):
    monkeypatch.setattr(page, "MAX_UPLOAD_BYTES", 1000)
    answer = sent(web, b"x" * 1000, "items.csv", Accept="application/json")
    assert answer.status_code == 413
    assert answer.get_json(force=True)["type"].endswith("/problems/too-large")
    assert "zwfw map" in answer.get_json(force=True)["detail"]


@pytest.mark.parametrize(
    "content, name, said",
    [
        (b"no workbook", "a.xlsx", "不是可以打开的工作簿"),
        (b'a,b\n"x', "a.csv", "不是合法的 CSV"),
        (b"{}", "a.json", "不认识的文件类型“.json”"),
        (b"{}", "region.ttl", "不认识的文件类型"),
        (b"x", "", "没有选择文件"),
        (b"x", ".csv", "不认识的文件类型"),
    ],
)
def test_what_is_no_table(web, content, name, said):
    answer = sent(web, content, name)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_table_with_errors_is_mapped_all_the_same(web):
    text = sent(web, b"sxmc,sxmc,\na,b,c\n", "items.csv").get_data(as_text=True)
    assert "出现多次" in text and "zwfw:name" in text


def test_who_comes_when_all_turns_are_taken(web, monkeypatch):
    monkeypatch.setattr(page, "turns", Turns(1, 1, 0, "已达上限"))
    with page.turns.one():
        answer = sent(web, b"a", "a.csv")
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "0"
        assert "已达上限" in answer.get_data(as_text=True)
    assert sent(web, b"a", "a.csv").status_code == 200


def test_those_who_wait_for_a_turn_leave_threads_to_the_others(world_root):
    """Two hundred come at once, and no turn is free: a few wait, most are told so, and pages are served meanwhile."""
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n--b--\r\n'
    head = (
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n{body.decode()}"
    )
    with server(world_root, Settings(workers=1)) as port, ExitStack() as stack:
        for _ in range(page.AT_ONCE):
            stack.enter_context(page.turns.one())
        asked = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(200)]
        for connection in asked:
            connection.sendall(f"POST /map HTTP/1.1\r\nHost: x\r\n{head}".encode())
        began = time.monotonic()
        assert status(exchange(port, "GET /about HTTP/1.0\r\n\r\n")) == 200
        assert time.monotonic() - began < page.WAIT_SECONDS / 2
