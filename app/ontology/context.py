"""The JSON-LD context of the ontology: plain JSON with these keys is RDF in our terms (JSON-LD 1.1 §4.1).

Keys are the local names of terms. Texts are maps by language, links are IRIs, and values have their datatype, so that
somebody who has never seen RDF can write ``{"type": "ImplementedItem", "visitCount": 1}``.
"""

from typing import Any

from app import names
from app.ontology.standards import Standards
from app.store.terms import Iri

_TEXT, _STRING = names.RDF + "PlainLiteral", names.XSD + "string"


def context(standards: Standards) -> dict[str, Any]:
    """The context document: prefixes, ``id`` and ``type``, then classes and properties in order of name."""
    terms: dict[str, Any] = {"@version": 1.1, **names.PREFIXES, "id": "@id", "type": "@type"}
    classes = set(standards.classes.values())
    for kind in sorted(classes, key=str):
        terms[_local(kind)] = f"zwfw:{_local(kind)}"
    for prop in sorted(standards.properties.values(), key=lambda one: one.iri.value):
        entry: dict[str, Any] = {"@id": f"zwfw:{_local(prop.iri)}"}
        datatype = prop.range.value if prop.range else _STRING
        if prop.is_link:
            entry["@type"] = "@id"
        elif datatype == _TEXT:
            entry["@container"] = "@language"
        elif datatype != _STRING:
            entry["@type"] = names.shorten(datatype)
        terms[_local(prop.iri)] = entry
    return {"@context": terms}


def _local(term: Iri) -> str:
    return term.value.removeprefix(names.DEF)
