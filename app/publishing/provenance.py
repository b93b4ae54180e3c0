"""Where a published dataset comes from: files, time, agent, rules (PROV). Apart from the data, which say none of it."""

import datetime
import hashlib
from dataclasses import dataclass
from importlib.metadata import version

from app import names
from app.checking.report import Report
from app.files.source import Source
from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.regions.history import Change
from app.regions.reading import Reading
from app.store.terms import Graph, Iri, Literal, Triple, boolean, def_, integer


@dataclass(frozen=True)
class Publishing:
    """When a region was published, by whom, and as part of which release."""

    at: datetime.datetime
    by: str
    release: str


def provenance(reading: Reading, found: Report, standards: Standards, publishing: Publishing) -> Graph:
    """Who made the dataset from which files, when, by which rules, what was found, what was read otherwise than written,
    and what became of the region's folder before."""
    dataset = Iri(names.graph(reading.code))
    base = names.graph(reading.code, "provenance")
    activity, agent = Iri(f"{base}/publication"), Iri(f"{base}/agent")
    person, counts = _person(publishing.by, base), found.counts()
    graph = {
        Triple(dataset, _prov("wasGeneratedBy"), activity),
        Triple(activity, TYPE, _prov("Activity")),
        Triple(activity, _prov("endedAtTime"), _time(publishing.at)),
        Triple(activity, _prov("wasAssociatedWith"), agent),
        Triple(activity, _prov("wasAssociatedWith"), person),
        *_named(person, publishing.by),
        Triple(activity, def_("releaseIdentifier"), Literal(publishing.release)),
        Triple(activity, def_("violationCount"), integer(counts["Violation"])),
        Triple(activity, def_("warningCount"), integer(counts["Warning"])),
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
        graph |= _file(source, base)
        graph.add(Triple(dataset, _prov("wasDerivedFrom"), _file_node(source, base)))
    for change in reading.history:
        graph |= _change(change, base)
        graph.add(Triple(activity, _prov("wasInformedBy"), _change_node(change, base)))
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


def _file_node(source: Source, base: str) -> Iri:
    return Iri(f"{base}/file/{source.sha256[:16]}")


def _file(source: Source, base: str) -> Graph:
    node = _file_node(source, base)
    graph = {
        Triple(node, TYPE, _prov("Entity")),
        Triple(node, def_("fileName"), Literal(source.file)),
        Triple(node, def_("sha256"), Literal(source.sha256)),
    }
    if source.encoding:
        graph.add(Triple(node, def_("encoding"), Literal(source.encoding)))
    return graph


def _change_node(change: Change, base: str) -> Iri:
    return Iri(f"{base}/change/{hashlib.sha256(change.written().encode()).hexdigest()[:16]}")


def _change(change: Change, base: str) -> Graph:
    """A change of the region's folder: who made it when, with what, and which cells it changed for which findings."""
    node = _change_node(change, base)
    agent = _person(change.by, base)
    graph = {
        Triple(node, TYPE, _prov("Activity")),
        Triple(node, _prov("endedAtTime"), _time(change.at)),
        Triple(node, _prov("wasAssociatedWith"), agent),
        *_named(agent, change.by),
    }
    for source in change.sources:
        graph |= _file(source, base)
        graph.add(Triple(node, _prov("used"), _file_node(source, base)))
    for number, one in enumerate(change.corrections, 1):
        correction = Iri(f"{node.value}/{number}")
        graph |= {
            Triple(node, def_("hasCorrection"), correction),
            Triple(correction, TYPE, def_("Correction")),
            Triple(correction, def_("fileName"), Literal(one.cell.file)),
            Triple(correction, def_("heading"), Literal(one.cell.column)),
            Triple(correction, def_("cellAddress"), Literal(one.cell.cell)),
            Triple(correction, def_("textBefore"), Literal(one.before)),
            Triple(correction, def_("textAfter"), Literal(one.after)),
        }
        if one.cell.sheet:
            graph.add(Triple(correction, def_("sheetName"), Literal(one.cell.sheet)))
        if one.finding:
            graph.add(Triple(correction, def_("answersFinding"), Iri(names.FINDING + one.finding)))
    return graph


def _person(name: str, base: str) -> Iri:
    return Iri(f"{base}/agent/{hashlib.sha256(name.encode()).hexdigest()[:16]}")


def _named(agent: Iri, name: str) -> Graph:
    return {Triple(agent, TYPE, _prov("Agent")), Triple(agent, def_("name"), Literal(name, language="zh"))}


def _time(at: datetime.datetime) -> Literal:
    return Literal(at.isoformat(), datatype=Iri(names.XSD + "dateTime"))


def _prov(term: str) -> Iri:
    return Iri(names.PROV + term)
