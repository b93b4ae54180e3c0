"""Where a published dataset comes from: files, time, agent, rules (PROV). Apart from the data, which say none of it."""

import datetime
import hashlib
from importlib.metadata import version

from app import names
from app.facts import TYPE
from app.reading import Reading
from app.report import Report
from app.standards import Standards
from app.store.terms import Graph, Iri, Literal, Triple, boolean, def_, integer


def provenance(reading: Reading, found: Report, standards: Standards, at: datetime.datetime) -> Graph:
    """Who made the dataset from which files, when, by which rules, and what was read otherwise than written."""
    dataset = Iri(names.graph(reading.code))
    base = names.graph(reading.code, "provenance")
    activity, agent = Iri(f"{base}/publication"), Iri(f"{base}/agent")
    graph = {
        Triple(dataset, _prov("wasGeneratedBy"), activity),
        Triple(activity, TYPE, _prov("Activity")),
        Triple(
            activity,
            _prov("endedAtTime"),
            Literal(at.isoformat(), datatype=Iri(names.XSD + "dateTime")),
        ),
        Triple(activity, _prov("wasAssociatedWith"), agent),
        Triple(activity, _prov("used"), Iri(names.BASE + "def")),
        Triple(agent, TYPE, _prov("SoftwareAgent")),
        Triple(agent, def_("name"), Literal(f"zwfw {version('zwfw')}", language="en")),
        Triple(
            dataset,
            def_("hasNoViolation"),
            boolean(not found.has_violation),
        ),
    }
    if not found.has_violation:
        standard = Iri(f"{names.BASE}ontology/v/{standards.version}")
        graph.add(Triple(dataset, Iri(names.DCT + "conformsTo"), standard))
    for source in reading.sources:
        node = Iri(f"{base}/file/{source.sha256[:16]}")
        graph |= {
            Triple(dataset, _prov("wasDerivedFrom"), node),
            Triple(node, def_("fileName"), Literal(source.file)),
            Triple(node, def_("sha256"), Literal(source.sha256)),
        }
        if source.encoding:
            graph.add(Triple(node, def_("encoding"), Literal(source.encoding)))
    for how, count in reading.rewritings.items():
        node = Iri(f"{base}/rewriting/{hashlib.sha256(repr(how).encode()).hexdigest()[:16]}")
        graph |= {
            Triple(activity, def_("hasValueMap"), node),
            Triple(node, def_("fileName"), Literal(how.place.file)),
            Triple(node, def_("heading"), Literal(how.place.column)),
            Triple(node, def_("writtenAs"), Literal(how.written)),
            Triple(node, def_("readAs"), Literal(how.read)),
            Triple(node, def_("cellCount"), integer(count)),
        }
    return graph


def _prov(term: str) -> Iri:
    return Iri(names.PROV + term)
