"""The template of a class: what is filled into it is read like any table, and what is required is marked."""

import datetime
import io
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from served import publish_regions

from app import names
from app.checking import report, rules
from app.cli import zwfw
from app.files import table
from app.ontology import standards
from app.regions import above, region
from app.store.terms import def_
from app.workbooks.entry_workbook import template

ROOT = Path(__file__).parent.parent
SYSTEM, BOOK = standards.load(), rules.load()
ON = datetime.date(2026, 11, 24)
KEYED = sorted({kind for kind in SYSTEM.classes.values() if SYSTEM.key_of(kind)}, key=str)


def made(kind):
    return openpyxl.load_workbook(io.BytesIO(template(kind, SYSTEM, BOOK, ON)))


def headings(sheet):
    return [cell.value for cell in sheet[1]]


def reading(folder, **filled):
    """A region whose tables are templates filled in, by class: rows of values by heading."""
    folder.mkdir()
    described = (ROOT / "data" / "370600" / "region.ttl").read_text("utf-8")
    (folder / "region.ttl").write_text(described, "utf-8")
    for local, rows in filled.items():
        kind = def_(local)
        book = made(kind)
        sheet = book[SYSTEM.label(kind, "zh")]
        at = {SYSTEM.property_by_heading(heading).iri: n for n, heading in enumerate(headings(sheet), 1)}
        for number, row in enumerate(rows, 4):
            for heading, value in row.items():
                if value:
                    sheet.cell(number, at[SYSTEM.property_by_heading(heading).iri], value)
        book.save(folder / f"{local}.xlsx")
    return region.read_folder(folder, SYSTEM)


def rows_of(local, code="370600"):
    (sheet,) = table.read(ROOT / "data" / code / f"{local}.csv")
    return [dict(zip(sheet.headings, cells, strict=True)) for _, cells in sheet.rows]


@pytest.mark.parametrize("kind", KEYED, ids=lambda kind: kind.value.rpartition("#")[2])
def test_every_class_with_a_key_has_a_template(kind):
    book = made(kind)
    sheet = book[SYSTEM.label(kind, "zh")]
    assert book.sheetnames == [sheet.title, *table.NOTE_SHEETS]
    named = [SYSTEM.property_by_heading(heading) for heading in headings(sheet)]
    assert None not in named and len(set(named)) == len(named)
    assert named[: len(SYSTEM.key_of(kind))] == SYSTEM.key_of(kind)
    assert all(
        sheet.cell(row, 1).value.startswith(mark) for row, mark in zip((2, 3), table.NOTES, strict=True)
    )
    assert all(cell.number_format == "@" for cell in sheet[3] if cell.value)


def test_a_template_nobody_filled_in_has_no_rows(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(template(def_("ImplementedItem"), SYSTEM, BOOK, ON))
    (sheet,) = table.read(tmp_path / "t.xlsx")
    assert (sheet.name, sheet.rows, sheet.errors) == ("实施清单事项", [], [])


def test_filled_in_it_says_what_the_table_said(tmp_path):
    """The synthetic region's tables, typed into templates, give the same graph."""
    tables = ("Department", "ImplementedItem", "Material", "ProcessStep")
    filled = reading(tmp_path / "370600", **{local: rows_of(local) for local in tables})
    (tmp_path / "plain").mkdir()
    for local in ("region.ttl", *(f"{one}.csv" for one in tables)):
        (tmp_path / "plain" / local).write_bytes((ROOT / "data" / "370600" / local).read_bytes())
    assert filled.graph == region.read_folder(tmp_path / "plain", SYSTEM).graph


def test_filled_in_correctly_it_passes(tmp_path):
    """Items of the synthetic region that break no rule break none when all tables come from templates."""

    def broken(read):
        ground, _ = above.gather(read.graph, read.code, [above.Folders(ROOT / "data", SYSTEM)])
        found = report.examine(read, ground, [], BOOK, SYSTEM, ON).findings
        return {f.focus.value for f in found if f.rule.severity == "Violation"}

    tables = {path.stem: rows_of(path.stem) for path in (ROOT / "data" / "370600").glob("*.csv")}
    before = broken(region.read_folder(ROOT / "data" / "370600", SYSTEM))
    tables["ImplementedItem"] = [
        row
        for row in tables["ImplementedItem"]
        if names.thing("370600", "ImplementedItem", row["实施编码"]) not in before
    ]
    assert len(tables["ImplementedItem"]) > 5
    assert not {one for one in broken(reading(tmp_path / "370600", **tables)) if "/ImplementedItem/" in one}


def test_what_is_marked_is_what_rules_ask_for(tmp_path):
    """An item with its key alone lacks what is marked, and the report names the empty cells."""
    code = rows_of("ImplementedItem")[0]["实施编码"]
    bare = reading(tmp_path / "370600", ImplementedItem=[{"实施编码": code}])
    found = report.examine(bare, set(), [], BOOK, SYSTEM, ON).findings
    lacking = {f.path for f in found if f.component.endswith("MinCountConstraintComponent") and f.path}
    book = made(def_("ImplementedItem"))
    marked = {
        SYSTEM.property_by_heading(heading).iri
        for heading in headings(book["实施清单事项"])
        if heading.endswith("*")
    }
    assert lacking and lacking <= marked
    assert all(f.place.row == 4 and f.place.column for f in found if f.path in lacking)


def test_codes_are_chosen_from_their_lists():
    book = made(def_("ImplementedItem"))
    sheet, lists = book["实施清单事项"], book["代码"]
    choices = {
        next(iter(rule.sqref.ranges)).min_col: rule.formula1 for rule in sheet.data_validations.dataValidation
    }
    at = headings(sheet).index("事项类型代码*") + 1
    name, cells = choices[at].split("!")
    assert name == "'代码'"
    offered = {cell.value for (cell,) in lists[cells.replace("$", "")]}
    assert "行政许可" in offered and offered <= set(SYSTEM.code_lists[SYSTEM.scheme_of(def_("ItemType"))])


def test_for_a_region_it_offers_what_is_published_there_and_above(tmp_path):
    """Departments of the region before those of the city, catalogue items of the nation, each by the key a cell writes."""
    root = tmp_path / "release"
    publish_regions(root, "370600", "370602", on=ON)
    path = tmp_path / "t.xlsx"
    arguments = ["template", "ImplementedItem", "--region", "370602", "--release", str(root), "-o", str(path)]
    assert CliRunner().invoke(zwfw, arguments).exit_code == 0
    book = openpyxl.load_workbook(path)
    sheet, lists = book.worksheets[0], book["代码"]
    at = {
        headings(sheet)[next(iter(one.sqref.ranges)).min_col - 1]: one.formula1
        for one in sheet.data_validations.dataValidation
    }

    def offered(heading):
        return [cell.value for (cell,) in lists[at[heading].partition("!")[2].replace("$", "")]]

    departments = offered("由其办理")
    own = rows_of("Department", "370602")
    assert departments[: len(own)] == sorted(row["统一社会信用代码"] for row in own)
    assert all(one.startswith("370600/") for one in departments[len(own) :])
    assert "000000/000101001000" in offered("对应基本目录事项")
    assert at["行政管辖代码"] == '"370602"'
    assert "370602" in book["填表说明"]["A1"].value
    arguments[3] = "999999"
    assert CliRunner().invoke(zwfw, arguments).exit_code == 2
