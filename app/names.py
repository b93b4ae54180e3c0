"""Every name others depend on: the base, the IRIs, the graphs, the prefixes, and where the project's files lie.

The forms are those of the published contract: ``…/def#Term``, ``…/rule/<name>``, ``…/graph/<code>``,
``…/id/<code>/<Class>/<key>``. Nothing here reads data.
"""

import ipaddress
import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote

BASE = os.environ.get("ZWFW_BASE", "https://w3id.org/zwfw/")
"""The IRI all our names begin with. A deployment may have its own; it ends with a slash."""

DEF = BASE + "def#"
RULE = BASE + "rule/"
QUESTION = BASE + "question/"
CLAUSE = BASE + "clause/"
STANDARD = BASE + "standard/"
CODE = BASE + "code/"
FINDING = BASE + "finding/"

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
PROV = "http://www.w3.org/ns/prov#"
SH = "http://www.w3.org/ns/shacl#"
FOAF = "http://xmlns.com/foaf/0.1/"
ORG = "http://www.w3.org/ns/org#"
SCHEMA = "http://schema.org/"
VOID = "http://rdfs.org/ns/void#"
SD = "http://www.w3.org/ns/sparql-service-description#"
CPSV = "http://purl.org/vocab/cpsv#"
CV = "http://data.europa.eu/m8g/"
ELI = "http://data.europa.eu/eli/ontology#"

PREFIXES: dict[str, str] = {
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "skos": SKOS,
    "dct": DCT,
    "dcat": DCAT,
    "prov": PROV,
    "sh": SH,
    "foaf": FOAF,
    "org": ORG,
    "schema": SCHEMA,
    "void": VOID,
    "sd": SD,
    "cpsv": CPSV,
    "cv": CV,
    "eli": ELI,
    "zwfw": DEF,
    "rule": RULE,
    "question": QUESTION,
    "clause": CLAUSE,
    "standard": STANDARD,
    "code": CODE,
}
"""One prefix table for data, editor, documentation and dumps, in the order they are written."""

NATION = "000000"
"""The code that stands for the nation; GB/T 2260 itself begins at the provinces."""

GRAPH_KINDS = ("graph", "inferred", "report", "provenance", "summary")
"""The five graphs a published region has."""

SYSTEM_GRAPHS = ("ontology", "standards", "rules", "questions")
"""The graphs of the standard system itself, ``…/graph/<name>``."""

_BEYOND_ASCII = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane + (0x1000 if plane == 0xE0000 else 0))}-{chr(plane + 0xFFFD)}"
    for plane in range(0x10000, 0xF0000, 0x10000)
)
_IN_NAME = rf"[A-Za-z0-9._~!$&'()*+,;={_BEYOND_ASCII}-]|%[0-9A-Fa-f]{{2}}"
_IN_PATH = rf"{_IN_NAME}|[:@/]"
_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:(?:{_IN_NAME}|:)*@)?(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|(?:{_IN_NAME})*)(?::\d*)?(?![^/?#])|(?!//))"
    rf"(?:{_IN_PATH})*(?:\?(?:{_IN_PATH}|[?\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd])*)?"
    rf"(?:\#(?:{_IN_PATH}|\?)*)?"
)
"""RFC 3987 §2.2, as the store's engine takes it: it raises for whatever else it is given."""


def graph(code: str, kind: str = "graph") -> str:
    """The IRI of a region's graph of one of ``GRAPH_KINDS``, or of a system graph when ``code`` names one."""
    return f"{BASE}{kind}/{code}"


def region(code: str) -> str:
    """The IRI of the region itself."""
    return f"{BASE}id/{code}"


def thing(code: str, kind: str, *key: str) -> str:
    """The IRI of a region's thing: ``…/id/<code>/<Class>/<key>``.

    Parts of the key are NFC-normalised, percent-encoded (everything but RFC 3986's unreserved characters,
    ``~`` included) and joined by ``~``.
    """
    parts = [quote(unicodedata.normalize("NFC", part), safe="").replace("~", "%7E") for part in key]
    return f"{BASE}id/{code}/{kind}/{'~'.join(parts)}"


def genid(code: str, digest: str) -> str:
    """The IRI that stands for a blank node of a region's data (RDF 1.1 §3.5, skolemisation)."""
    return f"{BASE}id/{code}/.well-known/genid/{digest}"


def concept(scheme: str, notation: str) -> str:
    """The IRI of a code-list entry: ``…/code/<scheme>/<notation>``."""
    return f"{CODE}{scheme}/{quote(unicodedata.normalize('NFC', notation), safe='')}"


def is_safe_iri(text: str) -> bool:
    """Whether ``text`` is an absolute IRI, and may stand as one between angle brackets."""
    found = _IRI.fullmatch(text)
    if found and found["ip"]:
        try:
            ipaddress.IPv6Address(found["ip"])
        except ValueError:
            return False
    return bool(found)


def shorten(iri: str) -> str:
    """``iri`` as a prefixed name where our prefix table allows one, else unchanged."""
    for prefix, namespace in PREFIXES.items():
        local = iri.removeprefix(namespace)
        if local != iri and re.fullmatch(r"[A-Za-z0-9_](?:[\w.-]*[\w-])?", local):
            return f"{prefix}:{local}"
    return iri


def resources(folder: str) -> Path:
    """A top-level folder of the project (``ontology``, ``shapes``, ``data``): beside ``app`` in a checkout,
    inside the package once it is installed."""
    here = Path(__file__).resolve().parent
    installed = here / "_data" / folder
    return installed if installed.is_dir() else here.parent / folder
