"""The report: what a check found, where it stood, and which clause it breaks.

A finding is (rule, focus node, path, value) with the cell it came from. Its identifier is a hash of what it says, so
two reports can be compared. Messages come from the rule's file, in both languages, never from an engine.
"""

import datetime
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote

from app import language, names
from app.check import Result, check
from app.reading import Reading
from app.rules import SEVERITIES, Rule, Rules
from app.source import Place
from app.standards import Facts, Standards
from app.store.terms import Graph, Iri, Literal, Term, def_

_BOOLEAN = Iri(names.XSD + "boolean")


@dataclass(frozen=True)
class Finding:
    """One place where one thing breaks one rule."""

    rule: Rule
    shape: Iri
    focus: Term
    path: Iri | None
    value: Term | None
    component: str
    count: int
    place: Place | None
    labels: dict[str, str] = field(hash=False)
    stated: str = ""
    """What the source says there: the value found, or for a computed verdict the code it was computed from."""

    @property
    def id(self) -> str:
        """A hash over rule, focus, path, value, component and shape in canonical N-Triples."""
        said = [str(t) if t else "" for t in (self.rule.iri, self.focus, self.path, self.value)]
        return hashlib.sha256("\n".join([*said, self.component, str(self.shape)]).encode()).hexdigest()[:16]

    @property
    def iri(self) -> Iri:
        """The finding's own IRI."""
        return Iri(names.FINDING + self.id)

    def message(self, lang: str) -> str:
        """The rule's sentence."""
        return self.rule.message(self.shape, lang)

    def label(self, lang: str) -> str:
        """The name of the thing the finding is about; empty where it has none."""
        return language.pick(self.labels, lang)


@dataclass
class Report:
    """All findings of one check, and by what it was judged."""

    code: str
    title: dict[str, str]
    status: str
    on: datetime.date
    version: str
    findings: list[Finding]
    subjects: int
    rules: list[Rule] = field(default_factory=list)
    """The rules it was checked by, in order."""
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """What the reader must know to judge the report, as Chinese message ids with their values."""

    @property
    def has_violation(self) -> bool:
        """Whether anything of severity Violation was found: this alone decides exit codes and ``dct:conformsTo``."""
        return any(finding.rule.severity == "Violation" for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings of each severity."""
        found = Counter(finding.rule.severity for finding in self.findings)
        return {severity: found[severity] for severity in SEVERITIES}

    def by_rule(self) -> list[tuple[Rule, list[Finding]]]:
        """The findings of each rule that has any, in order of rules."""
        grouped: dict[Iri, list[Finding]] = {}
        for finding in self.findings:
            grouped.setdefault(finding.rule.iri, []).append(finding)
        return [(found[0].rule, found) for found in grouped.values()]


def examine(
    reading: Reading,
    above: Graph,
    missing: list[str],
    rules: Rules,
    standards: Standards,
    on: datetime.date,
    chosen: list[Rule] | None = None,
    engine: str = "fast",
) -> Report:
    """Check what was read, with what stands above it, by all rules or those chosen, judging by the date ``on``.

    ``missing`` are the codes of levels above that were not to be had; the report says so.
    """
    by = rules.all if chosen is None else chosen
    beside = above | standards.beside(reading.graph | above)
    results = check(reading.graph, beside, by, rules.prefixes, on, engine)
    found = report(results, reading, rules, standards, on)
    found.rules = list(by)
    if missing:
        found.notes.append(("没有上级 {codes} 的数据，未与其比较", {"codes": "、".join(missing)}))
    return found


def report(
    results: Counter[Result], reading: Reading, rules: Rules, standards: Standards, on: datetime.date
) -> Report:
    """The report of a check: its results with their rules, the names of things, and the cells they stood in."""
    facts = Facts(reading.graph)
    place = _Places(reading, standards)
    findings = [
        Finding(
            rule=rules.of_shape(result.shape),
            shape=result.shape,
            focus=result.focus,
            path=result.path,
            value=result.value,
            component=result.component,
            count=count,
            place=place(result.focus, result.path),
            labels=facts.labels(result.focus) if isinstance(result.focus, Iri) else {},
            stated=_stated(result, facts, standards),
        )
        for result, count in results.items()
    ]
    order = {rule.iri: number for number, rule in enumerate(rules.all)}
    findings.sort(
        key=lambda f: (order[f.rule.iri], f.place or Place(""), str(f.focus), str(f.path), str(f.value))
    )
    notes = [
        ("{file} 按 {encoding} 编码读取", {"file": source.file, "encoding": source.encoding})
        for source in reading.sources
        if source.encoding
    ]
    return Report(
        code=reading.code,
        title=reading.title,
        status=reading.status,
        on=on,
        version=standards.version,
        findings=findings,
        subjects=len({triple.subject for triple in reading.graph}),
        notes=notes,
    )


def _stated(result: Result, facts: Facts, standards: Standards) -> str:
    verdict = isinstance(result.value, Literal) and result.value.datatype == _BOOLEAN
    if verdict and result.path in standards.derived and isinstance(result.focus, Iri):
        codes = (
            facts.text(result.focus, p)
            for p in standards.values(result.path, def_("isDerivedFrom"))
            if isinstance(p, Iri)
        )
        return next(filter(None, codes), plain(result.value))
    return "" if result.value == result.focus else plain(result.value)


class _Places:
    """The cell a finding is about: the path's own, else that of the property it is derived from, else the row."""

    def __init__(self, reading: Reading, standards: Standards) -> None:
        self._places, self._standards = reading.places, standards

    def __call__(self, focus: Term, path: Iri | None) -> Place | None:
        if not isinstance(focus, Iri):
            return None
        for prop in self._standards.derived_from(path) if path else ():
            if (focus.value, prop.value) in self._places:
                return self._places[focus.value, prop.value]
        return self._places.get((focus.value, ""))


def plain(term: Term | None) -> str:
    """A term as text for a person: a literal's value, the readable end of one of our IRIs, another IRI whole."""
    if term is None:
        return ""
    if isinstance(term, Literal):
        return term.value
    shown = str(term).strip("<>")
    ours = (
        shown.removeprefix(names.CODE)
        if shown.startswith(names.CODE)
        else shown.removeprefix(names.BASE + "id/")
    )
    return unquote(ours.rpartition("/")[2]) if ours != shown else shown
