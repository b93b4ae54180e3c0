"""Reading: what the tables of a folder say, and where each error stands."""

import shutil
from pathlib import Path

import pytest
import xlsxwriter

from app import names
from app.files.source import Unreadable
from app.ontology import facts, standards
from app.regions import region
from app.store.terms import Iri, Literal, Triple, def_

SYSTEM = standards.load()
DESCRIPTION = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix zwfw: <https://w3id.org/zwfw/def#> .
<https://w3id.org/zwfw/id/370602> a zwfw:Region .
<https://w3id.org/zwfw/graph/370602> dct:title "测试"@zh ; dct:source "测试"@zh ; dct:issued "2026-11-24"^^xsd:date ;
    dct:license <https://creativecommons.org/licenses/by/4.0/> ; zwfw:dataStatus "synthetic" {more} .
"""
HEADINGS = "实施编码,事项名称,事项类型代码"
ROW = "11440100007482575H3440118009000,食品经营许可,01"
ITEM = Iri(names.thing("370602", "ImplementedItem", "11440100007482575H3440118009000"))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "370602"
    made.mkdir()
    (made / "region.ttl").write_text(DESCRIPTION.replace("{more}", ""), "utf-8")
    return made


def read(folder, content=None, name="ImplementedItem.csv", more=None):
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    if more is not None:
        (folder / "region.ttl").write_text(DESCRIPTION.replace("{more}", more), "utf-8")
    return region.read_folder(folder, SYSTEM)


def errors(folder, *args, **kwargs):
    with pytest.raises(Unreadable) as caught:
        read(folder, *args, **kwargs)
    return [
        (error.place.file, error.place.row, error.place.column, error.found) for error in caught.value.errors
    ]


def test_a_table_is_read_by_its_name_and_headings(folder):
    reading = read(folder, f"{HEADINGS}\r\n{ROW}\r\n")
    assert Triple(ITEM, facts.TYPE, def_("ImplementedItem")) in reading.graph
    assert Triple(ITEM, def_("name"), Literal("食品经营许可", language="zh")) in reading.graph
    assert Triple(ITEM, def_("hasItemType"), Iri(names.concept("item-type", "01"))) in reading.graph
    place = reading.places.cell(ITEM.value, def_("hasItemType").value)
    assert (place.file, place.sheet, place.row, place.column) == (
        "ImplementedItem.csv",
        "",
        2,
        "事项类型代码",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_give_the_same_graph_and_are_said(folder, encoding):
    plain = read(folder, f"{HEADINGS}\n{ROW}\n").graph
    reading = read(folder, f"{HEADINGS}\n{ROW}\n".encode(encoding))
    assert reading.graph == plain
    assert [source.encoding for source in reading.sources] == ["", encoding]


def test_a_workbook_reads_like_a_csv_and_keeps_sheet_and_row(folder):
    plain = read(folder, f"{HEADINGS}\n{ROW}\n").graph
    (folder / "ImplementedItem.csv").unlink()
    with xlsxwriter.Workbook(folder / "事项.xlsx") as book:
        sheet = book.add_worksheet("实施清单事项")
        sheet.write_row(0, 0, HEADINGS.split(","))
        sheet.write_row(2, 0, ROW.split(","))  # the second row is empty
    reading = read(folder)
    assert reading.graph == plain
    place = reading.places.cell(ITEM.value, def_("name").value)
    assert (place.file, place.sheet, place.row) == ("事项.xlsx", "实施清单事项", 3)


def test_a_code_kept_as_a_number_is_refused_not_guessed(folder):
    with xlsxwriter.Workbook(folder / "ImplementedItem.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS.split(","))
        sheet.write_row(1, 0, [112233445566778899, "甲", "01"])
    assert ("ImplementedItem.xlsx", 2, "实施编码", "1.12233e+17") in errors(folder)


def test_all_errors_of_all_files_come_in_one_run(folder):
    (folder / "Department.csv").write_text("部门名称,统一社会信用代码,电话号\n甲,,1\n", "utf-8")
    found = errors(
        folder, f"{HEADINGS},网址,办事链接\n{ROW},x,不是网址\n,乙,01,x,\n", more="; zwfw:dataStatsu 1"
    )
    assert found == [("region.ttl", 0, "", "zwfw:dataStatsu")]
    (folder / "region.ttl").write_text(DESCRIPTION.replace("{more}", ""), "utf-8")
    found = errors(folder)
    assert ("Department.csv", 1, "电话号", "电话号") in found
    assert ("Department.csv", 2, "统一社会信用代码", "") in found
    assert ("ImplementedItem.csv", 1, "网址", "网址") in found
    assert ("ImplementedItem.csv", 2, "办事链接", "不是网址") in found
    assert ("ImplementedItem.csv", 3, "实施编码", "") in found


@pytest.mark.parametrize(
    "content,place",
    [
        (b"\xff\xfe\x00", ("ImplementedItem.csv", 0, "")),  # zero bytes
        (b"\x81\x20\xff\xff", ("ImplementedItem.csv", 0, "")),  # neither UTF-8 nor GB18030
        (f'{HEADINGS}\n"甲,01\n'.encode(), ("ImplementedItem.csv", 2, "")),  # a quotation mark left open
        (f"{HEADINGS}\n{ROW},多余\n".encode(), ("ImplementedItem.csv", 2, "")),
        (f"{HEADINGS}\n只有一格\n".encode(), ("ImplementedItem.csv", 2, "")),
        (f"{HEADINGS},实施编码\n".encode(), ("ImplementedItem.csv", 1, "实施编码")),
        ("事项名称\n甲\n".encode(), ("ImplementedItem.csv", 0, "")),  # no key column
        (b"", ("ImplementedItem.csv", 1, "")),
    ],
)
def test_a_broken_table_says_where(folder, content, place):
    assert place in [error[:3] for error in errors(folder, content)]


def test_a_folder_without_data(folder):
    assert errors(folder) == [("370602", 0, "", "")]


def test_a_file_that_is_no_workbook(folder):
    assert errors(folder, b"PK\x03\x04 nonsense", "ImplementedItem.xlsx")[0][0] == "ImplementedItem.xlsx"


def test_local_headings_value_maps_separators_and_left_out_columns(folder):
    reading = read(
        folder,
        "编号,事项,类,办件类型,内部号\n甲-1,名,1,1|2,x\n",
        more="""; zwfw:hasTable [ zwfw:describesClass zwfw:ImplementedItem ; zwfw:fileName "ImplementedItem.csv" ;
            zwfw:hasColumn [ zwfw:heading "编号" ; zwfw:mapsTo zwfw:implementationCode ] ,
                [ zwfw:heading "事项" ; zwfw:mapsTo zwfw:name ] ,
                [ zwfw:heading "办件类型" ; zwfw:mapsTo zwfw:hasCaseKind ; zwfw:separator "|" ] ,
                [ zwfw:heading "内部号" ; zwfw:isLeftOut true ] ,
                [ zwfw:heading "类" ; zwfw:mapsTo zwfw:hasItemType ;
                  zwfw:hasValueMap [ zwfw:writtenAs "1" ; zwfw:readAs "01" ] ] ]""",
    )
    item = Iri(names.thing("370602", "ImplementedItem", "甲-1"))
    assert Triple(item, def_("hasItemType"), Iri(names.concept("item-type", "01"))) in reading.graph
    kinds = {t.object for t in reading.graph if t.predicate == def_("hasCaseKind")}
    assert kinds == {Iri(names.concept("case-kind", "1")), Iri(names.concept("case-kind", "2"))}
    assert [(how.written, how.read, count) for how, count in reading.rewritings.items()] == [("1", "01", 1)]


def test_a_unit_behind_a_number_is_the_unit(folder):
    reading = read(
        folder, f"{HEADINGS},法定办结时限,承诺办结时限,到办事现场次数\n{ROW},20个工作日,即办,１次\n"
    )
    said = {(t.predicate, t.object) for t in reading.graph if t.subject == ITEM}
    assert (def_("hasStatutoryTimeUnit"), Iri(names.concept("time-unit", "working-day"))) in said
    numbers = {p: o.value for p, o in said if isinstance(o, Literal)}
    assert [numbers[def_(one)] for one in ("statutoryTimeLimit", "promisedTimeLimit", "visitCount")] == [
        "20",
        "0",
        "1",
    ]
    place = reading.places.cell(ITEM.value, def_("hasStatutoryTimeUnit").value)
    assert (place.column, place.cell) == ("法定办结时限", "D2")
    assert {(how.written, how.read) for how in reading.rewritings} == {
        ("20个工作日", "20 工作日"),
        ("即办", "0"),
        ("１次", "1"),
    }


def test_two_units_of_one_number_contradict(folder):
    content = f"{HEADINGS},法定办结时限,法定办结时限单位\n{ROW},20个工作日,自然日\n"
    assert errors(folder, content) == [("ImplementedItem.csv", 2, "法定办结时限", "工作日、自然日")]
    read(folder, content.replace("自然日", "工作日"))


def test_codes_are_found_whatever_the_width_of_their_brackets(folder):
    reading = read(folder, f"{HEADINGS},行使层级代码\n{ROW.replace('01', '０１')},镇(乡、街道) 级\n")
    assert {
        t.object for t in reading.graph if t.predicate in (def_("hasItemType"), def_("hasExerciseLevel"))
    } == {
        Iri(names.concept("item-type", "01")),
        Iri(names.concept("exercise-level", "5")),
    }


def test_two_rows_of_headings_name_a_column_together(folder):
    reading = read(
        folder,
        f"{HEADINGS},法定办结时限,,承诺办结时限,\n,,,数值,单位,数值,单位\n{ROW},20,工作日,10,工作日\n",
        more="""; zwfw:hasTable [ zwfw:describesClass zwfw:ImplementedItem ; zwfw:hasColumn
            [ zwfw:heading "法定办结时限 数值" ; zwfw:mapsTo zwfw:statutoryTimeLimit ] ,
            [ zwfw:heading "承诺办结时限 数值" ; zwfw:mapsTo zwfw:promisedTimeLimit ] ]""",
    )
    numbers = {t.predicate: t.object.value for t in reading.graph if isinstance(t.object, Literal)}
    assert (numbers[def_("statutoryTimeLimit")], numbers[def_("promisedTimeLimit")]) == ("20", "10")
    assert any(t.predicate == def_("hasPromisedTimeUnit") for t in reading.graph)
    assert reading.places.cell(ITEM.value, def_("promisedTimeLimit").value).cell == "F3"


def test_two_columns_for_one_property_are_a_mistake_unless_declared(folder):
    content = f"{HEADINGS},事项类型编码,事项类型代码（必填）\n{ROW},01,01\n"
    found = errors(folder, f"{HEADINGS},事项类型代码（必填）\n{ROW},01\n")
    assert found == [("ImplementedItem.csv", 1, "事项类型代码（必填）", "事项类型代码")]
    declared = """; zwfw:hasTable [ zwfw:describesClass zwfw:ImplementedItem ; zwfw:hasColumn
        [ zwfw:heading "事项类型编码" ; zwfw:mapsTo zwfw:hasItemType ] ,
        [ zwfw:heading "事项类型代码（必填）" ; zwfw:mapsTo zwfw:hasItemType ] ]"""
    read(folder, content, more=declared)


def test_titles_and_notes_are_passed_over_and_kept_in_provenance(folder):
    reading = read(folder, f"某区清单,,\n{HEADINGS}\n{ROW}\n填表人：某某,,\n")
    assert reading.places.rows[ITEM.value].row == 3
    assert {(how.place.row, how.written, how.read) for how in reading.rewritings} == {
        (1, "某区清单", ""),
        (4, "填表人：某某", ""),
    }


def test_files_a_spreadsheet_keeps_while_open_are_nobodys_data(folder):
    (folder / "~$ImplementedItem.xlsx").write_bytes(b"locked")
    read(folder, f"{HEADINGS}\n{ROW}\n")


BROKEN = {
    "ImplementedItem.csv": (
        "实施编码,事项名称,事项名称,网办地址,办事人气,法定办结时限,承诺办结时限,承诺办结时限单位,是否收费,计划生效日期,行政区划代码\n"
        "甲,名,名,www.example.org,x,二十,10个工作日,自然日,收,2026年2月30日,烟台\n"
    ),
    "Department.csv": (
        "统一社会信用代码,部门名称\n1.1E+17,甲局\n,乙局\n113706009999000013N,丙局,多一格\n113706009999000021H\n#REF!,丁局\n"
    ),
    "Material.csv": (
        "所属事项,材料序号,材料名称,可共享取得,原件份数\n甲,一,表,Department/1,若干\n,2,表,,\n甲,3,表,,46053份\n"
    ),
    "事情.csv": "名称\n甲\n",
    "Fee.csv": "名称,金额\n甲,1\n",
    "说明.xlsx": "不是工作簿",
    "图.ttl": "<a> <b> 甲",
    "别处.nt": '<https://w3id.org/zwfw/id/370600/x> <http://purl.org/dc/terms/title> "y" .',
}


def test_a_folder_broken_in_many_ways_gets_as_many_messages(folder):
    """Each says where, and what to write instead; all come in one run."""
    for name, content in BROKEN.items():
        (folder / name).write_text(content, "utf-8")
    with pytest.raises(Unreadable) as caught:
        region.read_folder(folder, SYSTEM)
    said = [error.said("zh") for error in caught.value.errors]
    assert len(set(said)) == len(said) >= 20
    assert said == (Path(__file__).parent / "tables" / "broken.txt").read_text("utf-8").splitlines()


def test_two_rows_with_one_code_stay_two_things(folder):
    reading = read(folder, f"{HEADINGS}\n{ROW}\n{ROW}\n")
    items = {t.subject.value for t in reading.graph if t.object == def_("ImplementedItem")}
    assert items == {ITEM.value, ITEM.value + "~2"}


def test_a_value_outside_its_code_list_is_kept_for_a_rule_to_report(folder):
    reading = read(folder, f"{HEADINGS}\n甲,乙,九十九/x\n")
    assert Iri(names.concept("item-type", "九十九/x")) in {t.object for t in reading.graph}


def test_turtle_of_the_folder_may_speak_of_its_own_things_only(folder):
    own = f"<{names.region('370602')}/x> <http://purl.org/dc/terms/title> [ <http://purl.org/dc/terms/title> 'y' ] ."
    graph = read(folder, own, "more.ttl").graph
    assert any(t.subject.value.startswith(names.genid("370602", "")) for t in graph)
    assert read(folder).graph == graph  # unchanged input, unchanged names for blank nodes
    foreign = f"<{names.region('370600')}/x> <http://purl.org/dc/terms/title> 'y' ."
    assert errors(folder, foreign, "more.ttl") == [("more.ttl", 0, "", names.region("370600") + "/x")]


def test_a_region_cannot_state_what_it_is_judged_by(folder):
    own = (
        f"<{names.region('370602')}> a <{names.DEF}CurrentRegion> ; <{names.DEF}referenceDate> '2000-01-01' ."
    )
    assert {error[3] for error in errors(folder, own, "more.ttl")} == {
        "zwfw:CurrentRegion",
        "zwfw:referenceDate",
    }


@pytest.mark.parametrize(
    "claim",
    [
        f"<{names.DCT}conformsTo> <{names.BASE}ontology/v/0.1.0>",
        "zwfw:hasNoViolation true",
        'zwfw:dataStatus "real"',
        f"zwfw:usesCodeScheme <{names.CODE}code-scheme/natoinal>",
    ],
)
def test_a_region_cannot_certify_itself_or_misspell_its_scheme(folder, claim):
    assert errors(folder, f"{HEADINGS}\n{ROW}\n", more=f"; {claim}")


@pytest.mark.parametrize("axiom", [f"<{names.RDFS}subClassOf> zwfw:ServiceItem", "a zwfw:ItemType"])
def test_a_region_brings_no_schema_or_code_list_of_its_own(folder, axiom):
    own = f"@prefix zwfw: <{names.DEF}> . <{names.region('370602')}/x> {axiom} ."
    assert errors(folder, own, "more.ttl")


def test_one_code_in_two_files_stays_two_things(folder):
    (folder / "region.ttl").write_text(DESCRIPTION.replace("{more}", ""), "utf-8")
    with xlsxwriter.Workbook(folder / "more.xlsx") as book:
        sheet = book.add_worksheet("实施清单事项")
        sheet.write_row(0, 0, HEADINGS.split(","))
        sheet.write_row(1, 0, ROW.split(","))
    reading = read(folder, f"{HEADINGS}\n{ROW}\n")
    assert len({t.subject for t in reading.graph if t.object == def_("ImplementedItem")}) == 2


def test_a_lone_file_keeps_its_blank_nodes_as_things_to_find(tmp_path):
    path = tmp_path / "x.ttl"
    path.write_text(f"[] a <{names.DEF}ImplementedItem> .", "utf-8")
    assert all(isinstance(t.subject, Iri) for t in region.read_file(path, SYSTEM).graph)


def test_turtle_that_does_not_parse_names_its_line(folder):
    assert errors(folder, "\n\n<a> <b> .", "more.ttl")[0][:2] == ("more.ttl", 3)


@pytest.mark.parametrize(
    "missing", ["dct:title", "dct:source", "dct:license", "dct:issued", "zwfw:dataStatus"]
)
def test_a_region_says_what_it_is(folder, missing):
    text = (folder / "region.ttl").read_text("utf-8")
    (folder / "region.ttl").write_text(text.replace(missing, "dct:description"), "utf-8")
    assert errors(folder, f"{HEADINGS}\n{ROW}\n")


def test_the_folder_and_its_region_agree(folder):
    other = folder.with_name("370611")
    shutil.move(folder, other)
    assert errors(other, f"{HEADINGS}\n{ROW}\n") == [("region.ttl", 0, "", "370602")]


def test_a_table_alone_is_read_with_the_description_beside_it(folder):
    path = folder / "ImplementedItem.csv"
    path.write_text(f"{HEADINGS}\n{ROW}\n", "utf-8")
    assert region.read_file(path, SYSTEM).code == "370602"
    (folder / "region.ttl").unlink()
    assert region.read_file(path, SYSTEM).code == region.NO_REGION


@pytest.mark.parametrize(
    "folder", sorted(p.parent for p in names.resources("data").rglob("region.ttl")), ids=str
)
def test_every_region_of_the_project_reads(folder):
    reading = region.read_folder(Path(folder), SYSTEM)
    assert reading.graph
    assert set(reading.title) == {"zh", "en"}
    assert reading.is_synthetic == (reading.code != names.NATION)
