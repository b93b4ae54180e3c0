"""The rules: SHACL shapes found by their place, one rule a file, vetted before they are run.

SHACL ignores a misspelt term, so a rule file with a term SHACL does not have is refused, and so is a SELECT that
would only be right with ``$this`` bound beforehand: ours run once for the whole graph.
"""

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from rdflib.namespace import SH as SHACL_TERMS

from app import language, names
from app.ontology.facts import DEFINITION, PREF_LABEL, SOURCE, TYPE, Facts
from app.ontology.standards import digest_of
from app.store.terms import BlankNode, Graph, Iri, Literal, Node, Term, Triple, def_, read_turtle

SEVERITIES = ("Violation", "Warning", "Info")
"""From grave to slight, in the order reports list them."""

SEVERITY_NAMES = dict(zip(SEVERITIES, ("违反", "警告", "提示"), strict=True))
"""What they are called, as Chinese message ids."""

PREFIX_FILE = "prefixes.ttl"
_FORBIDDEN = re.compile(r"\b(VALUES|MINUS|SERVICE)\b", re.IGNORECASE)
_TARGET_FIRST = re.compile(r"WHERE\s*\{\s*\$this\s", re.IGNORECASE)
_TERM = re.compile(r"\bzwfw:(\w+)")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def sh(term: str) -> Iri:
    """The node of a term of SHACL."""
    return Iri(names.SH + term)


_TARGETS = frozenset(map(sh, ("targetClass", "targetSubjectsOf", "targetObjectsOf")))
_OTHER_TARGETS = frozenset(map(sh, ("target", "targetNode")))
_CLASS = Iri(names.RDFS + "Class")  # a shape that is a class is its own target


def severity_name(severity: Iri) -> str:
    """A severity by its local name; one that is not SHACL's by its IRI."""
    return severity.value.removeprefix(names.SH)


def severity_iri(name: str) -> Iri:
    """The IRI of a severity by the name ``severity_name`` gives it."""
    return Iri(name) if ":" in name else sh(name)


class RuleFault(Exception):
    """A rule file that must not be run: which, and why."""


RuleKey = tuple[Iri, str, str]
"""IRI, identifier and severity of a rule."""


@dataclass(frozen=True)
class Select:
    """A ``sh:sparql`` constraint of one shape: its query with prefixes, and the path where the query gives none."""

    shape: Iri
    text: str
    path: Iri | None


@dataclass(frozen=True)
class Part:
    """A shape that reports: the rule's own, or a named one for one of its properties."""

    shape: Iri
    severity: str
    messages: dict[str, str]


@dataclass(frozen=True)
class Rule:
    """One requirement of the unified standard."""

    iri: Iri
    identifier: str
    layer: str
    clause: Iri
    labels: dict[str, str]
    definitions: dict[str, str]
    severity: str
    parts: dict[Iri, Part]
    selects: list[Select]
    graph: Graph = field(repr=False)
    path: Path = field(repr=False)

    @property
    def key(self) -> RuleKey:
        """What tells it from others: of ours the IRI alone would do, but shapes of others share that of the shape they are
        written in."""
        return (self.iri, self.identifier, self.severity)

    @property
    def name(self) -> str:
        """The rule's name as in its IRI and its file."""
        return self.iri.value.removeprefix(names.RULE)

    def message(self, shape: Iri, lang: str) -> str:
        """The sentence that states what the shape requires."""
        part = self.parts.get(shape)
        return language.pick(part.messages if part else self.labels, lang)

    @cached_property
    def terms(self) -> set[Iri]:
        """The terms its shapes and queries name."""
        named = {t.object for t in self.graph if isinstance(t.object, Iri)}
        return named | {def_(name) for one in self.selects for name in _TERM.findall(one.text)}

    @cached_property
    def targets(self) -> set[tuple[Iri, Term]] | None:
        """What makes a thing a target of the rule, as pairs of SHACL's property and its value; nothing where there are
        targets of another kind than class, subject or object."""
        found = {(t.predicate, t.object) for t in self.graph if t.predicate in _TARGETS}
        others = any(
            t.predicate in _OTHER_TARGETS or (t.predicate == TYPE and t.object == _CLASS) for t in self.graph
        )
        return None if others or not found else found

    @cached_property
    def core(self) -> Graph:
        """The rule without its SPARQL constraints, for an engine that runs SHACL Core."""
        constraints = {t.object for t in self.graph if t.predicate == sh("sparql")}
        return {t for t in self.graph if t.predicate != sh("sparql") and t.subject not in constraints}


class Rules:
    """All rules of a folder, by name, by number and by shape."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.glob("*/*.ttl"))
        self.prefixes = read_turtle(folder / PREFIX_FILE)
        prologue = _prologue(Facts(self.prefixes))
        self.all = sorted(
            (_read(path, prologue) for path in self.files), key=lambda rule: _number(rule.identifier)
        )
        self._of_shape = {shape: rule for rule in self.all for shape in rule.parts}

    def of_shape(self, shape: Iri) -> Rule:
        """The rule a reporting shape belongs to."""
        return self._of_shape[shape]

    def find(self, wanted: str) -> Rule | None:
        """A rule by number, name or IRI."""
        return next((r for r in self.all if wanted in (r.identifier, r.name, r.iri.value)), None)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the rule files."""
        return digest_of([self.folder / PREFIX_FILE, *self.files])

    @cached_property
    def graph(self) -> Graph:
        """The rules as data, each with the layer its folder gives it."""
        graph = set(self.prefixes)
        for rule in self.all:
            graph |= rule.graph
            graph.add(Triple(rule.iri, def_("layerFolder"), Literal(rule.layer)))
        return graph


def _number(identifier: str) -> tuple[float, str]:
    digits = re.sub(r"[^\d.]", "", identifier)
    return (float(digits) if digits else 0.0, identifier)


def _prologue(prefixes: Facts) -> str:
    declared = {
        prefixes.text(node, sh("prefix")): prefixes.text(node, sh("namespace"))
        for node in prefixes.about
        if prefixes.value(node, sh("prefix"))
    }
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in sorted(declared.items()))


def _read(path: Path, prologue: str) -> Rule:
    facts = Facts(read_turtle(path))
    unknown = sorted(term for term in unknown_shacl_terms(facts.graph))
    if unknown:
        raise RuleFault(f"{path.name}: SHACL has no {', '.join(unknown)}")
    iri = Iri(names.RULE + path.stem)
    if def_("Rule") not in facts.values(iri, TYPE):
        raise RuleFault(
            f"{path.name}: <{iri.value}> is not declared a zwfw:Rule; the file's name is the rule's name"
        )
    clause = facts.value(iri, SOURCE)
    if not isinstance(clause, Iri):
        raise RuleFault(f"{path.name}: no clause as dct:source")
    shapes = [
        node
        for node in facts.about
        if isinstance(node, Iri) and (node == iri or node.value.startswith(iri.value + "."))
    ]
    severity = facts.text(iri, sh("severity")).removeprefix(names.SH)
    parts = {
        shape: Part(
            shape,
            facts.text(shape, sh("severity")).removeprefix(names.SH),
            facts.texts(shape, sh("message")) or facts.texts(iri, sh("message")),
        )
        for shape in shapes
    }
    for part in parts.values():
        if part.severity != severity or severity not in SEVERITIES:
            raise RuleFault(
                f"{path.name}: <{part.shape.value}> must have the rule's one severity, has {part.severity!r}"
            )
    return Rule(
        iri=iri,
        identifier=facts.text(iri, Iri(names.DCT + "identifier")),
        layer=path.parent.name,
        clause=clause,
        labels=facts.texts(iri, PREF_LABEL),
        definitions=facts.texts(iri, DEFINITION),
        severity=severity,
        parts=parts,
        selects=[
            _select(path, facts, shape, constraint, prologue)
            for shape in shapes
            for constraint in facts.values(shape, sh("sparql"))
            if isinstance(constraint, BlankNode | Iri)
        ],
        graph=facts.graph,
        path=path,
    )


def _select(path: Path, facts: Facts, shape: Iri, constraint: Node, prologue: str) -> Select:
    text = facts.text(constraint, sh("select"))
    bare = _COMMENT.sub("", text)
    if "SELECT DISTINCT" not in bare or not _TARGET_FIRST.search(bare):
        raise RuleFault(
            f"{path.name}: the query must be SELECT DISTINCT and begin its WHERE with $this and its target"
        )
    forbidden = _FORBIDDEN.search(bare)
    if forbidden:
        raise RuleFault(f"{path.name}: SHACL-SPARQL forbids {forbidden[0]}")
    stated = facts.value(shape, sh("path"))
    return Select(shape, prologue + text, stated if isinstance(stated, Iri) else None)


def unknown_shacl_terms(graph: Graph) -> set[str]:
    """The terms of the SHACL namespace in ``graph`` that SHACL does not define."""
    used = {
        term.value.removeprefix(names.SH)
        for triple in graph
        for term in (triple.predicate, triple.object)
        if isinstance(term, Iri) and term.value.startswith(names.SH)
    }
    return {f"sh:{term}" for term in used if term and term not in _SHACL}


_SHACL = frozenset((*SHACL_TERMS.__annotations__, *SHACL_TERMS._extras))


@cache
def load() -> Rules:
    """The rules that come with the software."""
    return Rules(names.resources("shapes"))
