"""The whole way of somebody who knows spreadsheets and not RDF: template, check, rectification workbook, clean report."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from app.ontology import standards

SYSTEM = standards.load()
ROOT = Path(__file__).parent.parent
CODE = "370600"


def zwfw(*args, ok=(0,)):
    done = subprocess.run(
        [sys.executable, "-m", "app", *map(str, args)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode in ok, done.stderr
    return done.stdout


def sample(name):
    with (ROOT / "data" / CODE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def fill_in(path, rows):
    """Type rows into a template, below its note and its example."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    at = {SYSTEM.property_by_heading(cell.value): cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, 4):
        for heading, value in row.items():
            if value:
                sheet.cell(number, at[SYSTEM.property_by_heading(heading)], value)
    book.save(path)


@pytest.fixture(scope="module")
def way(tmp_path_factory):
    root = tmp_path_factory.mktemp("circle")
    folder = root / CODE
    folder.mkdir()
    shutil.copy(ROOT / "data" / CODE / "region.ttl", folder)
    description = (folder / "region.ttl").read_text("utf-8")
    (folder / "region.ttl").write_text(description.partition(" ;\n    zwfw:hasTable")[0] + " .\n", "utf-8")
    for kind in ("Department", "ImplementedItem"):
        zwfw("template", kind, "-o", folder / f"{kind}.xlsx")
    fill_in(folder / "Department.xlsx", sample("Department.csv")[:1])
    item = sample("ImplementedItem.csv")[0]
    del item["法定办结时限单位"], item["办理地点"]
    item |= {
        "法定办结时限": "20个工作日",
        "承诺办结时限": "30个工作日",
        "承诺办结时限单位": "",
        "事项类型": "行政确认",
    }
    fill_in(folder / "ImplementedItem.xlsx", [item])
    return root, folder


def test_from_template_to_clean_report(way):
    root, folder = way
    release, out = root / "release", root / "out"
    broken = json.loads(zwfw("check", folder, "--json", "--rectify", out, ok=[1]))
    assert {one["rule_id"] for one in broken["findings"]} == {"R20", "R26", "R29", "R46"}
    (path,) = out.iterdir()
    book = openpyxl.load_workbook(path)
    sheet = book["整改清单"]
    at = {cell.value: cell.column - 1 for cell in sheet[1]}
    right = {"办理地点": "某市政务服务中心（合成地址）", "事项类型": "行政许可", "承诺办结时限": "10个工作日"}
    for row in sheet.iter_rows(min_row=2):
        row[at["更正为"]].value = right[row[at["列"]].value.rstrip("*")]
    book["概要"]["B9"].value = "李四（合成）"
    assert book["概要"]["A9"].value == "填报人"
    book.save(path)

    foreseen = json.loads(zwfw("rectify", path, "--folder", folder, "--json", "--release", release))
    assert (len(foreseen["fixed"]), foreseen["open"], foreseen["new"]) == (len(broken["findings"]), [], [])
    assert not release.exists() and not (folder / "originals").exists()  # a look changes nothing

    zwfw("rectify", path, "--folder", folder, "--apply", "--release", release)
    assert json.loads(zwfw("check", folder, "--json"))["findings"] == []
    (original,) = folder.glob("originals/*/ImplementedItem.xlsx")
    assert openpyxl.load_workbook(original).worksheets[0].protection.sheet is False
    conforms = f"""ASK {{ GRAPH <https://w3id.org/zwfw/provenance/{CODE}> {{
        <https://w3id.org/zwfw/graph/{CODE}> <http://purl.org/dc/terms/conformsTo> ?standard }} }}"""
    assert "true" in zwfw("query", "--release", release, conforms)
    made = """PREFIX zwfw: <https://w3id.org/zwfw/def#> PREFIX prov: <http://www.w3.org/ns/prov#>
        SELECT ?by ?cell ?after WHERE { ?change prov:wasAssociatedWith/zwfw:name ?by ; zwfw:hasCorrection ?one .
            ?one zwfw:cellAddress ?cell ; zwfw:textAfter ?after ; zwfw:answersFinding ?finding }"""
    said = zwfw("query", "--release", release, "--format", "csv", made)
    assert said.count("李四（合成）") == 3 and "行政许可" in said
    assert zwfw("rectify", path, "--folder", folder, "--release", release).startswith("更正 0 个单元格")
