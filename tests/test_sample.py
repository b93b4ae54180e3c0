"""The synthetic regions: they show what ``data/README.md`` says, where it says so, and nothing else."""

import datetime
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import names
from app.checking import report, rules
from app.ontology import codes, facts, standards
from app.questions import question
from app.regions import above, region
from app.regions.reading import Reading
from app.store.terms import Iri, def_

DATA = Path(__file__).parent.parent / "data"
SYSTEM, BOOK = standards.load(), rules.load()
ON = datetime.date(2026, 11, 24)
FOLDERS = ["000000/sample", *sorted(path.name for path in DATA.iterdir() if path.name.strip("0").isdigit())]
NAMED_RULE = re.compile(r"(R\d+(?:\.\d+)?)(?: × (\d+))?")
CLAIMED_IN_VAIN = Iri(names.thing(names.NATION, "CatalogueItem", "002008002000"))
"""What row 15 of Yantai's items claims and the catalogue does not have."""


@dataclass
class Region:
    """A region as it was read, and what was found wrong with it."""

    read: Reading
    findings: list[report.Finding]

    def values(self, kind, prop):
        """Of each thing of a class the values of a property."""
        things = {t.subject for t in self.read.graph if t.predicate == facts.TYPE and t.object == def_(kind)}
        return {
            one: {t.object for t in self.read.graph if t.subject == one and t.predicate == def_(prop)}
            for one in things
        }


@pytest.fixture(scope="module")
def regions():
    beside = above.Folders(DATA, SYSTEM)
    found = {}
    for code in FOLDERS:
        read = region.read_folder(DATA / code, SYSTEM)
        ground, missing = above.gather(read.graph, read.code, [beside])
        assert missing == (["330000"] if code == "330100" else [])
        found[code] = Region(read, report.examine(read, ground, missing, BOOK, SYSTEM, ON).findings)
    return found


def table():
    """The rows of the README's table: folder, table, row, rules and questions."""
    lines = (DATA / "README.md").read_text("utf-8").partition("## What the article")[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [tuple(row[1:5]) for row in rows[2:]]


def test_findings_are_those_that_the_readme_names(regions):
    named = Counter()
    for folder, place, row, broken in table():
        for rule, times in NAMED_RULE.findall(broken):
            named[folder, place, row, rule] += int(times or 1)
    found = Counter(
        (code, one.place.sheet or one.place.file, str(one.place.row or "—"), one.rule.identifier)
        for code, examined in regions.items()
        for one in examined.findings
    )
    assert found == named


def test_each_row_of_the_readme_names_a_row_and_a_rule_or_question(regions):
    rows = {
        (code, place.sheet or place.file, str(place.row or "—"))
        for code, examined in regions.items()
        for place in examined.read.places.rows.values()
    }
    asked = {one.number for one in question.load().all}
    for folder, place, row, broken in table():
        assert (folder, place, row) in rows
        known = re.findall(r"[RQ][\d.]+", broken)
        assert known and all(one in asked if one[0] == "Q" else BOOK.find(one) for one in known)


def test_every_complaint_of_the_article_has_its_rows():
    text = (DATA / "README.md").read_text("utf-8").partition("## What the article")[2]
    complaints = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(set(complaints)) == 13
    assert sorted(set(complaints), key=complaints.index) == [
        one for at, one in enumerate(complaints) if at == 0 or complaints[at - 1] != one
    ]


def test_one_region_conforms_entirely(regions):
    assert [code for code, one in regions.items() if not one.findings] == ["000000/sample", "370602"]


@pytest.mark.parametrize("code", FOLDERS)
def test_all_of_it_is_made_up_and_says_so(regions, code):
    read = regions[code].read
    assert read.status == "synthetic"
    said = {t.object.value for t in read.graph if t.predicate.value == f"{names.DCT}source"}
    assert any(text.startswith("本项目编造") for text in said)
    assert any(text.startswith("Made up by this project") for text in said)
    for kind in ("Department", "Organization"):
        for (code_,) in regions[code].values(kind, "unifiedSocialCreditCode").values():
            text = code_.value
            assert re.fullmatch(rf"(11|12|52){code}999\d{{5}}[\dX][\dA-Z]", text)
            assert text[16] == codes.body_check_character(text[8:17])
            assert text[17] == codes.organisation_check_character(text)
    for kind in ("Department", "Organization", "Platform", "LeadingGroup", "TaskForce", "IntegratedService"):
        for texts in regions[code].values(kind, "name").values():
            assert all(text.value.endswith("（合成）") for text in texts)
    addresses = {
        t.object.value for t in read.graph if getattr(t.object, "datatype", None) == Iri(f"{names.XSD}anyURI")
    }
    assert all(address.startswith("https://example.org/") for address in addresses)


def test_links_lead_somewhere(regions):
    divisions = region.read_folder(DATA / names.NATION, SYSTEM).graph
    graphs = [divisions, *(one.read.graph for one in regions.values())]
    known = {t.subject for graph in graphs for t in graph} | {CLAIMED_IN_VAIN}
    linked = {t.object for graph in graphs[1:] for t in graph if isinstance(t.object, Iri)}
    assert not {one for one in linked if one.value.startswith(f"{names.BASE}id/")} - known


def test_guides_to_one_service_have_more_than_forty_elements_here_and_five_there(regions):
    """Counted are the properties that state an element; of materials there is none in the poor one."""
    stating = {t.object for t in SYSTEM.terms if t.predicate == def_("isStatedBy")}

    def elements(code, guide):
        subject = Iri(names.thing(code, "ServiceGuide", guide))
        return {
            t.predicate for t in regions[code].read.graph if t.subject == subject and t.predicate in stating
        }

    assert len(elements("370100", "GD-01")) > 40
    assert len(elements("370602", "ZF-1")) > 40
    assert len(elements("370611", "FS-2")) == 5


def test_a_service_joins_four_departments_of_three_levels(regions):
    zhifu = regions["370602"]
    ((service, leads),) = zhifu.values("IntegratedService", "isLedBy").items()
    helping = zhifu.values("IntegratedService", "isAssistedBy")[service]
    items = zhifu.values("IntegratedService", "integrates")[service]
    departments = leads | helping
    assert len(departments) == 4 and len(items) == 4
    for things in (departments, items):
        assert {
            codes.region_rank(one.value.removeprefix(f"{names.BASE}id/").split("/")[0]) for one in things
        } == {
            1,
            2,
            3,
        }
    providers = set().union(
        *(providers for one in regions.values() for item, providers in one.values("ImplementedItem", "isProvidedBy").items() if item in items)
    )  # fmt: skip
    assert providers == departments


def test_tables_are_in_the_forms_clerks_use(regions):
    files = [path for code in FOLDERS for path in (DATA / code).iterdir() if path.name != "region.ttl"]
    assert len({path.parent for path in files if path.suffix == ".xlsx"}) >= 2
    encodings = {source.encoding for one in regions.values() for source in one.read.sources}
    assert {"utf-8", "utf-8-sig", "gb18030"} <= encodings
    assert {how.read for how in regions["330100"].read.rewritings} >= {"01", "0", "1", "否"}
