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
from app.checking.check import Result, check
from app.checking.conformance import Measured, measure
from app.checking.expectation import Expectations
from app.checking.responsibility import ANSWERING, Responsible
from app.checking.rules import SEVERITIES, Rule, RuleKey, Rules
from app.files.source import Place, Source
from app.ontology.facts import NOTATION, Facts
from app.ontology.standards import Standards
from app.regions.reading import Reading
from app.store.terms import Graph, Iri, Literal, Term, def_

_BOOLEAN = Iri(names.XSD + "boolean")


@dataclass(frozen=True)
class Department:
    """Who answers for what a finding is about."""

    iri: Iri
    labels: dict[str, str] = field(hash=False, compare=False)

    def label(self, lang: str) -> str:
        """Its name, else the readable end of its IRI."""
        return language.pick(self.labels, lang) or plain(self.iri)


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
    expected: dict[str, str] = field(default_factory=dict, hash=False)
    """What would have been right, by language, where the shape says so by itself."""
    departments: tuple[Department, ...] = ()
    """Those that provide what the finding is about, or what that belongs to."""
    along: str = ""
    """A path of more than one property, as SPARQL writes it; of shapes of others only."""
    said: dict[str, str] = field(default_factory=dict, hash=False)
    """The engine's words, by language; of shapes of others only."""

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
        """The rule's sentence; of shapes of others what the engine says."""
        return language.pick(self.said, lang) if self.said else self.rule.message(self.shape, lang)

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
    notes: list[language.Message] = field(default_factory=list)
    """What the reader must know to judge the report, as Chinese message ids with their values."""
    sources: list[Source] = field(default_factory=list)
    """The files that were checked."""
    measured: Measured = field(default_factory=Measured, repr=False)
    """To how many things each rule applies and how many break it; of our own rules only."""
    departments: dict[Iri, Department] = field(default_factory=dict, repr=False)
    """Those that were measured."""
    as_said: Graph = field(default_factory=set, repr=False)
    """The report as the engine gives it; of shapes of others only."""

    @property
    def has_violation(self) -> bool:
        """Whether anything of severity Violation was found: this alone decides exit codes and ``dct:conformsTo``."""
        return any(finding.rule.severity == "Violation" for finding in self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings of each severity; SHACL's own are always counted."""
        found = Counter(finding.rule.severity for finding in self.findings)
        return {
            severity: found[severity] for severity in (*SEVERITIES, *sorted(set(found) - set(SEVERITIES)))
        }

    def by_rule(self) -> list[tuple[Rule, list[Finding]]]:
        """The findings of each rule that has any, in order of rules."""
        grouped: dict[RuleKey, list[Finding]] = {}
        for finding in self.findings:
            grouped.setdefault(finding.rule.key, []).append(finding)
        return [(found[0].rule, found) for found in grouped.values()]

    def by_department(self) -> list[tuple[Department | None, Counter[RuleKey]]]:
        """How often each rule is broken in what a department answers for; the most concerned first.

        A finding about what several answer for counts for each; what nobody is named for stands last.
        """
        counts: dict[Department | None, Counter[RuleKey]] = {}
        for finding in self.findings:
            for department in finding.departments or (None,):
                counts.setdefault(department, Counter())[finding.rule.key] += 1
        return sorted(
            counts.items(),
            key=lambda one: (one[0] is None, -one[1].total(), one[0].label("zh") if one[0] else ""),
        )


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
    beside = above | standards.ground.beside(reading.graph | above)
    results = check(reading.graph, beside, by, rules.prefixes, on, engine)
    answers = Responsible(reading.graph, standards)
    found = report(results, reading, rules, standards, on, answers)
    found.rules = list(by)
    breaking: dict[str, set[Term]] = {}
    for finding in found.findings:
        breaking.setdefault(finding.rule.identifier, set()).add(finding.focus)
    found.measured = measure(reading.graph, breaking, by, answers, standards)
    known = Facts(t for t in reading.graph if t.subject in found.measured.by_department)
    found.departments = {one: Department(one, known.labels(one)) for one in found.measured.by_department}
    if missing:
        found.notes.append(("没有上级 {codes} 的数据，未与其比较", {"codes": missing}))
    return found


def report(
    results: Counter[Result],
    reading: Reading,
    rules: Rules,
    standards: Standards,
    on: datetime.date,
    answers: Responsible,
) -> Report:
    """The report of a check: its results with their rules, the names of things, and the cells they stood in."""
    facts = concerned(reading.graph, {term for r in results for term in (r.focus, *r.expected)}, standards)
    place, expectation = Located(reading, facts, standards), Expectations(standards)
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
            expected=_stated_expectation(result, facts, standards)
            or expectation(rules.of_shape(result.shape), result.shape, result.component),
            departments=tuple(
                Department(one, facts.labels(one)) for one in sorted(answers(result.focus), key=str)
            ),
        )
        for result, count in results.items()
    ]
    order = {rule.iri: number for number, rule in enumerate(rules.all)}
    findings.sort(
        key=lambda f: (order[f.rule.iri], f.place or Place(""), str(f.focus), str(f.path), str(f.value))
    )
    notes = [*reading.notes] + [
        ("{file} 按 {encoding} 编码读取", {"file": source.file, "encoding": source.encoding})
        for source in reading.sources
        if source.encoding and not source.encoding.startswith("utf-8")
    ]
    return Report(
        code=reading.code,
        title=reading.name,
        status=reading.status,
        on=on,
        version=standards.version,
        findings=findings,
        subjects=len({triple.subject for triple in reading.graph}),
        notes=notes,
        sources=reading.sources,
    )


def concerned(graph: Graph, things: set[Term], standards: Standards) -> Facts:
    """What a graph says of some things, of what they belong to, and of the departments that answer for these: a report
    names nothing else, and a region of a million triples need not be indexed for a few hundred findings."""
    links, found = {*standards.belonging, *ANSWERING}, set(things)
    for _ in ("what it belongs to", "who answers for that"):
        found |= {t.object for t in graph if t.predicate in links and t.subject in found}
    return Facts(t for t in graph if t.subject in found)


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


def _stated_expectation(result: Result, facts: Facts, standards: Standards) -> dict[str, str]:
    """What a query says would have been right, by language: the value that stands elsewhere."""

    def name(term: Term, lang: str) -> str:
        if not isinstance(term, Iri):
            return plain(term)
        named = standards.label(term, lang) or facts.label(term, lang)
        return f"{standards.text(term, NOTATION)} {named}".strip() or plain(term)

    joints = {"zh": "、", "en": ", "}
    if not result.expected:
        return {}
    return {lang: joint.join(name(term, lang) for term in result.expected) for lang, joint in joints.items()}


class Located:
    """The cell a finding is about: the path's own, else that of the property it is derived from; a filled one before an
    empty one, and the row where there is no such column."""

    def __init__(self, reading: Reading, facts: Facts, standards: Standards) -> None:
        self._places, self._facts, self._standards = reading.places, facts, standards

    def __call__(self, focus: Term, path: Iri | None) -> Place | None:
        if not isinstance(focus, Iri):
            return None
        props = self._standards.derived_from(path) if path else []
        for prop in sorted(props, key=lambda one: self._facts.value(focus, one) is None):
            if (cell := self._places.cell(focus.value, prop.value)) is not None:
                return cell
        return self._places.row(focus.value)


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
