"""Shapes of others: any RDF format, from wherever one allows; a deadline that holds; nothing passed over in silence."""

import gzip
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from app.checking import foreign
from app.cli import zwfw
from app.files import fetching, source
from app.store.terms import RdfFormat, parse, serialize

ROOT = Path(__file__).parent.parent

DATA = """
@prefix ex: <http://example.org/> .
ex:a a ex:Person ; ex:name "甲", "乙" ; ex:age "007"^^<http://www.w3.org/2001/XMLSchema#integer> .
ex:b a ex:Person ; ex:knows [ a ex:Person ; ex:name "丙" ] .
"""
SHAPES = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ; rdfs:label "人"@zh, "Person"@en ;
  sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:maxCount 1 ; sh:message "要有一个姓名。"@zh, "One name."@en ] ;
  sh:property [ sh:path ex:age ; sh:maxInclusive 5 ; sh:severity sh:Warning ] ;
  sh:property [ sh:path ( ex:knows [ sh:inversePath ex:knows ] ) ; sh:maxCount 0 ; sh:severity sh:Info ] .
"""
ENDLESS = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:Endless a sh:NodeShape ; sh:targetClass ex:Person ; sh:sparql [ sh:select \"\"\"SELECT $this (COUNT(*) AS ?value)
  WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r . ?s ?t ?u } GROUP BY $this\"\"\" ] .
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "data.ttl").write_text(DATA, "utf-8")
    (tmp_path / "shapes.ttl").write_text(SHAPES, "utf-8")
    return tmp_path


def check(*arguments, stdin=None):
    return CliRunner().invoke(zwfw, ["check", *map(str, arguments)], input=stdin)


def report(*arguments, stdin=None):
    return json.loads(check(*arguments, "--json", stdin=stdin).stdout)


def said(found):
    """What a report says, without what depends on a blank node's name."""
    return sorted(
        (
            one["severity"],
            one["rule_id"],
            one["path"] or "",
            one["stated"] or "",
            one["focus"].partition("_:")[0],
        )
        for one in found["findings"]
    )


def test_a_shape_stands_where_a_rule_would(files):
    found = report(files / "data.ttl", "--shapes", files / "shapes.ttl")
    assert found["counts"] == {"Violation": 2, "Warning": 1, "Info": 1}
    by_focus = {one["focus"]: one for one in found["findings"] if one["severity"] == "Violation"}
    two_names = by_focus["http://example.org/a"]
    assert two_names["rule_id"] == "PersonShape.name"
    assert two_names["rule"] == "http://example.org/PersonShape"
    assert two_names["message"] == {"zh": "要有一个姓名。", "en": "One name."}
    (info,) = (one for one in found["findings"] if one["severity"] == "Info")
    assert info["path"] == "<http://example.org/knows>/^<http://example.org/knows>"
    (warning,) = (one for one in found["findings"] if one["severity"] == "Warning")
    assert warning["stated"] == "007"
    assert warning["message"]["zh"] == "不满足约束 sh:MaxInclusiveConstraintComponent"
    assert warning["expected"] == {"zh": "不大于 5", "en": "at most 5"}


def test_findings_keep_their_identifiers_when_something_else_changes(files):
    before = report(files / "data.ttl", "--shapes", files / "shapes.ttl")
    with (files / "shapes.ttl").open("a") as file:
        file.write(
            "ex:Other a sh:NodeShape ; sh:targetClass ex:Dog ; sh:property [ sh:path ex:bone ; sh:minCount 9 ] ."
        )
    after = report(files / "data.ttl", "--shapes", files / "shapes.ttl")
    assert [one["id"] for one in before["findings"]] == [one["id"] for one in after["findings"]]


def test_engines_agree(files):
    fast, reference = (
        report(files / "data.ttl", "--shapes", files / "shapes.ttl", "--engine", engine)
        for engine in ("fast", "pyshacl")
    )
    assert said(fast) == said(reference)


def test_shapes_written_in_one_shape_are_told_apart_in_every_format(files):
    def written(form):
        return check(files / "data.ttl", "--shapes", files / "shapes.ttl", "--format", form).stdout

    text = written("text")
    assert "PersonShape.name  [违反]  × 2" in text and "PersonShape.age  [警告]  × 1" in text
    suite = ElementTree.fromstring(written("junit")).find("testsuite")
    failed = {case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None}
    told = {case.get("name") for case in suite.findall("testcase") if case.find("system-out") is not None}
    assert (failed, suite.get("failures")) == ({"PersonShape.name"}, "1")
    assert {"PersonShape.age"} < told
    (ran,) = json.loads(written("sarif"))["runs"]
    described = ran["tool"]["driver"]["rules"]
    assert all(described[one["ruleIndex"]]["id"] == one["ruleId"] for one in ran["results"])
    assert sorted(one["level"] for one in ran["results"]) == ["error", "error", "note", "warning"]


def test_only_findings_at_least_as_grave_as_asked(files):
    found = report(files / "data.ttl", "--shapes", files / "shapes.ttl", "--severity", "warning")
    assert found["counts"] == {"Violation": 2, "Warning": 1, "Info": 0}
    said = check(
        files / "data.ttl", "--shapes", files / "shapes.ttl", "--severity", "violation", "--format", "ttl"
    ).stdout
    assert said.count("sh:ValidationResult") == 2


@pytest.mark.parametrize("suffix", sorted(source.RDF_FORMATS))
def test_every_rdf_format_packed_or_not(files, suffix):
    form = source.RDF_FORMATS[suffix]
    quads = list(parse(DATA, format=RdfFormat.TURTLE))
    written = serialize(quads if form.supports_datasets else (quad.triple for quad in quads), format=form)
    (files / f"other{suffix}").write_bytes(written)
    (files / f"other{suffix}.gz").write_bytes(gzip.compress(written))
    expected = said(report(files / "data.ttl", "--shapes", files / "shapes.ttl"))
    assert said(report(files / f"other{suffix}", "--shapes", files / "shapes.ttl")) == expected
    assert said(report(files / f"other{suffix}.gz", "--shapes", files / "shapes.ttl")) == expected


def test_a_packed_file_is_unpacked_so_far(files, monkeypatch):
    monkeypatch.setattr(source, "MOST_UNPACKED", 1000)
    (files / "bomb.nt.gz").write_bytes(gzip.compress(b"# nothing\n" * 1000))
    done = check(files / "bomb.nt.gz")
    assert done.exit_code == 3 and "上限 1000 字节" in done.stderr


def test_a_packed_file_cut_short_is_refused(files):
    (files / "cut.ttl.gz").write_bytes(gzip.compress(DATA.encode())[:-20])
    done = check(files / "cut.ttl.gz")
    assert done.exit_code == 3 and "cut.ttl.gz" in done.stderr


def test_standard_input(files):
    expected = said(report(files / "data.ttl", "--shapes", files / "shapes.ttl"))
    assert said(report("-", "--shapes", files / "shapes.ttl", stdin=DATA.encode())) == expected
    table = (ROOT / "data" / "370600" / "Department.csv").read_bytes()
    assert (
        check("-", "--input-format", "csv", stdin=table).exit_code == 3
    )  # a table must say what it describes
    assert check("-", stdin=b"no turtle").exit_code == 3


@pytest.fixture
def site(files, monkeypatch):
    """The folder on a web server of this machine; ``/elsewhere`` leads to it, ``/away`` to a file."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=files)

        def do_GET(self):
            to = {"/elsewhere": "/data.ttl", "/away": f"file://{files}/data.ttl"}.get(self.path)
            if to:
                self.send_response(302)
                self.send_header("Location", to)
                self.end_headers()
            elif self.path == "/typed":
                self.send_response(200)
                self.send_header("Content-Type", "text/turtle; charset=utf-8")
                self.end_headers()
                self.wfile.write(DATA.encode())
            else:
                super().do_GET()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("path", ["data.ttl", "elsewhere", "typed"])
def test_the_web_where_it_is_allowed(files, site, path):
    expected = said(report(files / "data.ttl", "--shapes", files / "shapes.ttl"))
    assert said(report(f"{site}/{path}", "--allow-url", "--shapes", files / "shapes.ttl")) == expected


def test_the_web_only_where_it_is_allowed(files, site):
    done = check(f"{site}/data.ttl", "--shapes", files / "shapes.ttl")
    assert done.exit_code == 2 and "--allow-url" in done.stderr


@pytest.mark.parametrize("path", ["away", "nowhere.ttl", ""])
def test_what_the_web_does_not_give(files, site, path):
    done = check(f"{site}/{path}", "--allow-url", "--shapes", files / "shapes.ttl")
    assert done.exit_code == 3 and site in done.stderr


def test_the_web_gives_so_much(files, site, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_BYTES", 10)
    done = check(f"{site}/data.ttl", "--allow-url", "--shapes", files / "shapes.ttl")
    assert done.exit_code == 3 and "MB" in done.stderr


def test_the_deadline_holds_and_nothing_stays(files):
    (files / "endless.ttl").write_text(ENDLESS, "utf-8")
    many = "\n".join(f"<http://example.org/{n}> a <http://example.org/Person> ." for n in range(300))
    (files / "many.ttl").write_text(many, "utf-8")
    done = check(files / "many.ttl", "--shapes", files / "endless.ttl", "--timeout", "1")
    assert done.exit_code == 3 and "--timeout" in done.stderr


def test_what_wants_too_much_memory_is_ended(files, monkeypatch):
    monkeypatch.setattr(
        foreign, "MEMORY_MB", 1
    )  # of the message; the process is given what it was started with
    hungry = ENDLESS.replace("(COUNT(*) AS ?value)", "?a ?d ?g ?j").replace(
        "GROUP BY $this", "ORDER BY ?a ?d ?g ?j"
    )
    (files / "hungry.ttl").write_text(hungry, "utf-8")
    many = "\n".join(f"<http://example.org/{n}> a <http://example.org/Person> ." for n in range(300))
    (files / "many.ttl").write_text(many, "utf-8")
    done = check(files / "many.ttl", "--shapes", files / "hungry.ttl", "--timeout", "60")
    assert done.exit_code == 3 and f"{foreign.MEMORY_MB} MB" in done.stderr


def test_a_killed_check_leaves_no_process(files):
    (files / "endless.ttl").write_text(ENDLESS, "utf-8")
    many = "\n".join(f"<http://example.org/{n}> a <http://example.org/Person> ." for n in range(300))
    (files / "many.ttl").write_text(many, "utf-8")
    command = [sys.executable, "-m", "app", "check", files / "many.ttl", "--shapes", files / "endless.ttl"]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        time.sleep(3)
        process.send_signal(signal.SIGKILL)
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("a process is left")


@pytest.mark.parametrize(
    "clause", ["MINUS { ?a ?b ?c }", "VALUES ?a { 1 }", "SERVICE <http://127.0.0.1/> { ?a ?b ?c }"]
)
def test_what_shacl_forbids_is_refused(files, clause):
    shapes = f"""
@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:sparql [ sh:select "SELECT $this WHERE {{ $this ?p ?o . {clause} }}" ] .
"""
    (files / "forbidden.ttl").write_text(shapes, "utf-8")
    done = check(files / "data.ttl", "--shapes", files / "forbidden.ttl")
    assert done.exit_code == 3 and "forbidden.ttl" in done.stderr


def test_what_engines_pass_over_is_said(files):
    with (files / "shapes.ttl").open("a") as file:
        file.write(
            "ex:PersonShape sh:minCuont 1 ; sh:rule [ a sh:TripleRule ] ."
            "<> <http://www.w3.org/2002/07/owl#imports> <http://example.org/more> ."
        )
    notes = " ".join(
        note["zh"] for note in report(files / "data.ttl", "--shapes", files / "shapes.ttl")["notes"]
    )
    assert "sh:minCuont" in notes and "sh:rule" in notes and "owl:imports" in notes


def test_a_file_without_shapes_is_refused(files):
    done = check(files / "data.ttl", "--shapes", files / "data.ttl")
    assert done.exit_code == 3 and "SHACL" in done.stderr


def test_rules_and_shapes_exclude_each_other(files):
    assert check(files / "data.ttl", "--shapes", files / "shapes.ttl", "--rules", "R01").exit_code == 2


def test_shapes_of_others_on_a_region_name_the_cell(files):
    (files / "ours.ttl").write_text(
        """
@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix zwfw: <https://w3id.org/zwfw/def#> .
ex:Named a sh:NodeShape ; sh:targetClass zwfw:ServiceItem ; sh:property [ sh:path zwfw:name ; sh:maxLength 4 ] .
""",
        "utf-8",
    )
    found = report(ROOT / "data" / "370600", "--shapes", files / "ours.ttl")["findings"]
    assert found and all(one["place"]["file"] == "ImplementedItem.csv" for one in found)
    assert {one["place"]["column"] for one in found} == {"事项名称"}


HOSTILE = """
@prefix zwfw: <https://w3id.org/zwfw/def#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
zwfw:ImplementedItem rdfs:subClassOf zwfw:CatalogueItem .
<https://w3id.org/zwfw/code/item-type/99> a zwfw:ItemType ; skos:notation "99" .
<https://example.org/item> a zwfw:ImplementedItem ; zwfw:name "许可"@zh ;
  zwfw:hasItemType <https://w3id.org/zwfw/code/item-type/99> .
"""


def test_a_lone_file_does_not_change_what_it_is_judged_by(files):
    (files / "hostile.ttl").write_text(HOSTILE, "utf-8")
    found = report(files / "hostile.ttl")
    assert any("3" in note["zh"] and "标准体系" in note["zh"] for note in found["notes"])
    assert "R24" in {one["rule_id"] for one in found["findings"]}
