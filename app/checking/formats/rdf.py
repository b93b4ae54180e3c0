"""The report as RDF: a standard ``sh:ValidationReport`` with our terms beside it."""

from app import language, names
from app.checking.report import Finding, Report
from app.checking.rules import severity_iri, sh
from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.store.terms import Graph, Iri, Literal, Term, Triple, boolean, canonical, day, def_, integer, turtle


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """The reports as Turtle; both languages, whatever ``lang`` is."""
    return b"\n".join(turtle(graph(found)) for found in reports)


def graph(found: Report) -> Graph:
    """One report, without blank nodes; its IRI is its graph's. By shapes of others it is what the engine says."""
    if found.as_said:
        return canonical(found.as_said)
    node = Iri(names.graph(found.code, "report"))
    said = {
        Triple(node, TYPE, sh("ValidationReport")),
        Triple(node, sh("conforms"), boolean(not found.findings)),
        Triple(node, def_("referenceDate"), day(found.on)),
        Triple(node, def_("hasNoViolation"), boolean(not found.has_violation)),
    }
    for finding in found.findings:
        said.add(Triple(node, sh("result"), finding.iri))
        said |= {Triple(finding.iri, predicate, value) for predicate, value in _finding(finding)}
    return said


def _finding(finding: Finding) -> list[tuple[Iri, Term]]:
    said: list[tuple[Iri, Term]] = [
        (TYPE, sh("ValidationResult")),
        (TYPE, def_("Finding")),
        (sh("focusNode"), finding.focus),
        (sh("sourceShape"), finding.shape),
        (sh("sourceConstraintComponent"), Iri(finding.component)),
        (sh("resultSeverity"), severity_iri(finding.rule.severity)),
        (def_("breaksRule"), finding.rule.iri),
        (def_("occurrences"), integer(finding.count)),
    ]
    said += [
        (sh("resultMessage"), Literal(finding.message(lang), language=lang)) for lang in language.LANGUAGES
    ]
    if finding.path is not None:
        said.append((sh("resultPath"), finding.path))
    if finding.value is not None:
        said.append((sh("value"), finding.value))
    if finding.place is not None:
        said.append((def_("fileName"), Literal(finding.place.file)))
        if finding.place.sheet:
            said.append((def_("sheetName"), Literal(finding.place.sheet)))
        if finding.place.row:
            said.append((def_("row"), integer(finding.place.row)))
        if finding.place.column:
            said.append((def_("heading"), Literal(finding.place.column)))
    return said
