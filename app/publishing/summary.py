"""Counts prepared at publication, so that national questions add up regions and never count the nation anew."""

from collections import Counter
from urllib.parse import quote

from app import names
from app.checking.report import Report
from app.ontology.facts import TYPE
from app.regions.reading import Reading
from app.store.terms import Graph, Iri, Triple, def_, integer


def summary(reading: Reading, found: Report) -> Graph:
    """Counts for national questions and for the description of the dataset: things by class, triples by property, items by
    department, findings by rule (VoID and ours)."""
    dataset = Iri(names.graph(reading.code))
    base = names.graph(reading.code, "summary")
    used = Counter(t.predicate for t in reading.graph)
    graph = {
        Triple(dataset, _void("triples"), integer(len(reading.graph))),
        Triple(dataset, _void("distinctSubjects"), integer(len({t.subject for t in reading.graph}))),
        Triple(dataset, _void("distinctObjects"), integer(len({t.object for t in reading.graph}))),
        Triple(dataset, _void("properties"), integer(len(used))),
    }
    for prop, count in used.items():
        node = Iri(f"{base}/property/{quote(names.shorten(prop.value), safe=':')}")
        graph |= {
            Triple(dataset, _void("propertyPartition"), node),
            Triple(node, _void("property"), prop),
            Triple(node, _void("triples"), integer(count)),
        }
    kinds = Counter(t.object for t in reading.graph if t.predicate == TYPE and isinstance(t.object, Iri))
    for kind, count in kinds.items():
        node = Iri(f"{base}/class/{quote(names.shorten(kind.value), safe=':')}")
        graph |= {
            Triple(dataset, _void("classPartition"), node),
            Triple(node, _void("class"), kind),
            Triple(node, _void("entities"), integer(count)),
        }
    departments = Counter(
        t.object for t in reading.graph if t.predicate == def_("isProvidedBy") and isinstance(t.object, Iri)
    )
    for department, count in departments.items():
        node = Iri(f"{base}/department/{department.value.rpartition('/')[2]}")
        graph |= {
            Triple(node, TYPE, def_("PreparedFigure")),
            Triple(node, def_("summarises"), dataset),
            Triple(node, def_("ofDepartment"), department),
            Triple(node, def_("itemCount"), integer(count)),
        }
    number = {rule.identifier: len(findings) for rule, findings in found.by_rule()}
    for rule in found.rules:
        measured = found.measured.in_all.get(rule.identifier)
        if measured is None and rule.identifier not in number:
            continue
        node = Iri(f"{base}/rule/{rule.name}")
        graph |= {
            Triple(node, TYPE, def_("PreparedFigure")),
            Triple(node, def_("summarises"), dataset),
            Triple(node, def_("ofRule"), rule.iri),
            Triple(node, def_("findingCount"), integer(number.get(rule.identifier, 0))),
        }
        if measured is not None:
            graph |= {
                Triple(node, def_("applicableCount"), integer(measured.applies)),
                Triple(node, def_("breakingCount"), integer(measured.breaking)),
            }
    return graph


def _void(term: str) -> Iri:
    return Iri(names.VOID + term)
