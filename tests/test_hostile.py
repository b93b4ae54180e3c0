"""Files that would end the process or fill the memory of what reads them: refused before any engine sees them."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.files import hostile
from app.files.source import Unreadable, read_rdf

ROOT = Path(__file__).parent.parent
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/"'


def xml(doctype, value="x"):
    about = '<rdf:Description rdf:about="http://example.org/s">'
    return f"<!DOCTYPE r [{doctype}]><rdf:RDF {RDF}>{about}<e:p>{value}</e:p></rdf:Description></rdf:RDF>"


def nested(depth):
    return '{"http://example.org/p":' * depth + '{"@id":"http://example.org/x"}' + "}" * depth


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonld", nested(5000), "嵌套超过 200 层"),
        ("a.jsonld", "[" * 100_000, "嵌套超过 200 层"),
        ("a.jsonld", '{"@context": "http://127.0.0.1:9/context"}', "不是合法的 RDF"),
        ("a.rdf", f"<rdf:RDF {RDF}>" + "<e:a><e:b>" * 5000, "嵌套超过 200 层"),
        ("a.rdf", xml(LAUGHS, "&j;"), "引用了别的实体"),
        ("a.rdf", xml(f'<!ENTITY a "{"x" * 301}">', "&a;" * 10), "超过 300 个字符"),
        ("a.rdf", xml('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "外部实体"),
        ("a.rdf", xml('<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;'), "外部实体"),
        ("a.rdf", "<rdf:RDF", "第 1 行"),
        ("a.owl", "no XML", "第 1 行"),
    ],
)
def test_it_is_refused_with_a_reason(tmp_path, name, content, message):
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(Unreadable, match=message):
        read_rdf(tmp_path / name)


def test_what_ontologies_declare_is_read(tmp_path):
    """Entities for namespaces, as editors of ontologies write them."""
    (tmp_path / "a.owl").write_text(
        xml('<!ENTITY owl "http://www.w3.org/2002/07/owl#">', "&owl;Class"), "utf-8"
    )
    (triple,) = read_rdf(tmp_path / "a.owl")
    assert triple.object.value == "http://www.w3.org/2002/07/owl#Class"


@pytest.mark.parametrize("depth", [1, hostile.DEEPEST - 1])
def test_what_people_write_is_read(tmp_path, depth):
    (tmp_path / "a.jsonld").write_text(nested(depth), "utf-8")
    assert len(read_rdf(tmp_path / "a.jsonld")) == depth


def test_brackets_in_strings_do_not_count():
    hostile.check_json(b'{"a": "' + b"[{" * 1000 + b'\\" ["}')


def test_the_engine_does_end_its_process(tmp_path):
    """Why any of this: should the engine survive one day, it can go."""
    deep = """'{"http://example.org/p":' * 20_000 + "{}" + "}" * 20_000"""
    code = f"import pyoxigraph; list(pyoxigraph.parse({deep}, format=pyoxigraph.RdfFormat.JSON_LD))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode < 0
