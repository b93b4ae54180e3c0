"""Foreign descriptions in CPSV-AP 2 or 3 in our terms; what has no place in them is kept apart, and nothing is lost.

A reading (``readings/``) constructs what it reads, in its own words, together with what it is read as: the first is
placed by the second. What no reading takes is read word by word, as ``zwfw:isReadAs`` says in the alignments: only about
things of our classes, and only values that fit. What remains is the rest.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from app import names
from app.cpsv_ap import queries
from app.files.source import RDF_FORMATS, Place, Unreadable, rdf_format, read_rdf, refused
from app.ontology.facts import DOMAIN, RANGE, TYPE
from app.ontology.standards import Standards
from app.regions import cell
from app.regions.derived import upward
from app.regions.region import NO_REGION
from app.store.terms import (
    Graph,
    Index,
    Iri,
    Literal,
    Node,
    Quad,
    QueryTriples,
    Term,
    Triple,
    def_,
    skolemised,
)

IS_READ_AS = def_("isReadAs")
WAS_DERIVED_FROM = Iri(names.PROV + "wasDerivedFrom")
"""From the thing described in a region's own terms to the foreign one: that they are the same nobody knows."""

KNOWN = "known"
"""How a triple is placed that the standard system says itself, such as the name of a code."""

_IDENTIFIER = Iri(names.DCT + "identifier")
_ONTOLOGY = Iri(names.graph("ontology"))
_STRING = Iri(names.XSD + "string")


@dataclass(frozen=True)
class Remaining:
    """Triples that could not be placed: a property of things of one class (empty where they have none), how many, one of
    them."""

    kind: str
    prop: str
    count: int
    example: Triple


@dataclass
class Import:
    """A foreign description in our terms: what it says, how each of its triples was placed, and the rest."""

    graph: Graph = field(default_factory=set)
    placed: dict[Triple, str] = field(default_factory=dict)
    """By triple of the source: the reading, the term of ours, or ``KNOWN``."""
    rest: Graph = field(default_factory=set)
    kinds: dict[Node, set[Iri]] = field(default_factory=lambda: defaultdict(set))
    """The classes of ours that things of the source are read as."""

    def remaining(self) -> list[Remaining]:
        """The rest by class and property, the most frequent first."""
        kind_of: dict[Node, str] = {}
        for triple in sorted({*self.placed, *self.rest}, key=str, reverse=True):
            if triple.predicate == TYPE and isinstance(triple.object, Iri):
                kind_of[triple.subject] = triple.object.value
        groups: dict[tuple[str, str], list[Triple]] = defaultdict(list)
        for triple in sorted(self.rest, key=str):
            groups[kind_of.get(triple.subject, ""), triple.predicate.value].append(triple)
        found = [Remaining(*key, len(triples), triples[0]) for key, triples in groups.items()]
        return sorted(found, key=lambda one: (-one.count, one.kind, one.prop))


def read(path: Path, standards: Standards, language: str, code: str = "") -> Import:
    """The description in an RDF file. Texts without a language get ``language``; with a region's ``code``, things get
    IRIs of that region. Raises ``Unreadable``."""
    if rdf_format(path) is None:
        known = " ".join(sorted(RDF_FORMATS))
        message = "不认识的文件类型“{found}”；可用 {expected}"
        raise Unreadable(refused(Place(path.name), message, path.suffix, expected=known))
    return placed(skolemised(read_rdf(path), code or NO_REGION), standards, language, code)


def placed(source: Graph, standards: Standards, language: str, code: str = "") -> Import:
    """``source``, a graph without blank nodes, in our terms."""
    found = Import()
    _Placing(source, standards, language, found).place()
    found.graph = upward(found.graph, standards)
    if code:
        found.graph = _renamed(found, source, standards, code)
    return found


@dataclass(frozen=True)
class _Word:
    """A term that a foreign property may be read as: which things may have it, and what values it takes."""

    iri: Iri
    domain: frozenset[Iri]
    range: frozenset[Iri]


class _Placing:
    """One run over a source: what is placed, and how, goes into ``found``."""

    def __init__(self, source: Graph, standards: Standards, language: str, found: Import) -> None:
        self.source, self.standards, self.language, self.found = source, standards, language, found
        self._words: dict[Iri, list[_Word]] = {}
        self._classes = set(standards.classes.values())

    def place(self) -> None:
        self._readings()
        for triple in self.source - set(self.found.placed):
            for kind in self._classes_of(triple):
                self.found.kinds[triple.subject].add(kind)
        for triple in self.source - set(self.found.placed):
            self._triple(triple)
        self._keep_together()
        self.found.rest = self.source - set(self.found.placed)

    def _readings(self) -> None:
        """Run the readings. They see every literal by what is written: the engine would make P1Y2M of P14M."""
        written: dict[Triple, set[Triple]] = defaultdict(set)
        for triple in self.source:
            written[_as_written(triple)].add(triple)
        index = Index()
        index.bulk_extend(Quad(*triple) for triple in written)
        index.bulk_extend(Quad(t.subject, t.predicate, t.object, _ONTOLOGY) for t in self.standards.terms)
        for name, query in queries("readings").items():
            result = index.query(query)
            assert isinstance(result, QueryTriples)
            for triple in result:
                if triple in written:
                    self.found.placed |= dict.fromkeys(written[triple], name)
                else:
                    self._add(triple)

    def _keep_together(self) -> None:
        """Where a reading dissolves a thing, such as a contact point, and something said of it remains, what was placed of
        it and what leads to it remain as well: the rest would not tell whose it is."""
        there = {node for t in self.found.graph for node in (t.subject, t.object)}
        readings = queries("readings")
        dissolved = {t.subject for t, how in self.found.placed.items() if how in readings} - there
        while True:
            remaining = {t.subject for t in self.source - set(self.found.placed)} & dissolved
            torn = [t for t in self.found.placed if t.subject in remaining or t.object in remaining]
            if not torn:
                return
            for triple in torn:
                del self.found.placed[triple]

    def _add(self, triple: Triple) -> None:
        """A triple of ours that a reading made."""
        prop, value = self.standards.properties.get(triple.predicate), triple.object
        if prop and prop.range == Iri(cell.TEXT) and isinstance(value, Literal) and not value.language:
            triple = Triple(triple.subject, triple.predicate, Literal(value.value, language=self.language))
        if triple.predicate == TYPE and isinstance(value, Iri):
            self.found.kinds[triple.subject].add(value)
        self.found.graph.add(triple)

    def _triple(self, triple: Triple) -> None:
        """Place a triple by another word for its property or class, if there is one that fits."""
        said = {Triple(triple.subject, TYPE, kind) for kind in self._classes_of(triple)} or self._said(triple)
        how = ", ".join(
            sorted(
                names.shorten(term.value)
                for t in said
                for term in [t.object if t.predicate == TYPE else t.predicate]
                if isinstance(term, Iri)
            )
        )
        if triple.subject in self.standards.about:
            # Of the standard system a source can say only what it says itself.
            if self._is_known(triple) or (said and said <= self.standards.graph):
                self.found.placed[triple] = KNOWN
        elif said:
            self.found.graph |= said
            self.found.placed[triple] = how

    def _is_known(self, triple: Triple) -> bool:
        kinds = self.standards.values(triple.subject, TYPE)
        above = {up for kind in kinds if isinstance(kind, Iri) for up in self.standards.ancestors(kind)}
        return triple in self.standards.graph or (triple.predicate == TYPE and triple.object in above)

    def _classes_of(self, triple: Triple) -> set[Iri]:
        if triple.predicate != TYPE or not isinstance(triple.object, Iri):
            return set()
        return self._classes & set(self.standards.values(triple.object, IS_READ_AS))

    def _said(self, triple: Triple) -> Graph:
        """What a triple says by the one word of ours that fits it: none of several equally good ones is guessed."""
        kinds = self.found.kinds.get(triple.subject, set())
        above = {up for kind in kinds for up in self.standards.ancestors(kind)}
        keys = {prop.iri for kind in kinds for prop in self.standards.key_of(kind)}
        fitting: dict[int, list[Triple]] = defaultdict(list)
        for word in self._words_for(triple.predicate):
            if kinds and (not word.domain or word.domain & above):
                value = self._value(triple.object, word)
                if value is not None:
                    order = 0 if word.iri in keys else 1 if word.domain else 2
                    fitting[order].append(Triple(triple.subject, word.iri, value))
        best = fitting[min(fitting)] if fitting else []
        return set(best) if len(best) == 1 else set()

    def _words_for(self, prop: Iri) -> list[_Word]:
        if prop not in self._words:
            meant = [term for term in self.standards.values(prop, IS_READ_AS) if isinstance(term, Iri)]
            self._words[prop] = [self._word(term) for term in meant]
        return self._words[prop]

    def _word(self, term: Iri) -> _Word:
        primary = self.standards.upward.get(term)
        if primary is not None:
            return _Word(
                term,
                frozenset(self.standards.ends(primary, RANGE)),
                frozenset(self.standards.ends(primary, DOMAIN)),
            )
        return _Word(
            term, frozenset(self.standards.ends(term, DOMAIN)), frozenset(self.standards.ends(term, RANGE))
        )

    def _value(self, value: Term, word: _Word) -> Term | None:
        """``value`` as ``word`` takes it, or nothing where it does not."""
        prop = self.standards.properties.get(word.iri)
        if prop is None:
            return value  # a word that is kept
        if not prop.is_link:
            return self._literal(value, prop.range or _STRING)
        if not isinstance(value, Iri):
            return None
        coded = [kind for kind in word.range if self.standards.is_coded(kind)]
        kinds: set[Iri] = self.found.kinds.get(value, set())
        if coded:
            kinds = {kind for kind in self.standards.values(value, TYPE) if isinstance(kind, Iri)}
        above = {up for kind in kinds for up in self.standards.ancestors(kind)}
        # What the source does not describe may be anything, but for an entry of a code list.
        fits = bool(above & word.range) or (not kinds and not coded) or not word.range
        return value if fits else None

    def _literal(self, value: Term, datatype: Iri) -> Literal | None:
        if isinstance(value, Iri) and datatype.value == names.XSD + "anyURI":
            return Literal(value.value, datatype=datatype)
        if not isinstance(value, Literal):
            return None
        if datatype.value == cell.TEXT:
            plain = value.datatype == _STRING
            return (
                value if value.language else Literal(value.value, language=self.language) if plain else None
            )
        if value.language:
            return None
        try:
            return value if value.datatype == datatype else cell.literal(value.value, datatype.value)
        except cell.Unfit:
            return None


def _as_written(triple: Triple) -> Triple:
    """``triple`` with its literal as a plain one of the same text, its language as the engine writes it."""
    value = triple.object
    if isinstance(value, Literal) and value.language:
        value = Literal(value.value, language=value.language.lower())
    elif isinstance(value, Literal):
        value = Literal(value.value)
    return Triple(triple.subject, triple.predicate, value)


def _renamed(found: Import, source: Graph, standards: Standards, code: str) -> Graph:
    """What was placed, with its things under IRIs of region ``code`` and the IRIs they had beside."""
    own, unowned = names.region(code) + "/", names.region(NO_REGION) + "/"
    subjects = sorted({t.subject.value for t in found.graph if isinstance(t.subject, Iri)})
    renamed = {iri: iri for iri in subjects if iri.startswith(own)}
    renamed |= {iri: own + iri.removeprefix(unowned) for iri in subjects if iri.startswith(unowned)}
    taken = set(renamed.values())
    keys, kinds = _identifiers(source), _kinds(found, standards)
    for iri in subjects:
        if iri not in renamed:
            # The most special class, of those no more special than another the first.
            kind = min(kinds[Iri(iri)], key=lambda kind: (-len(standards.ancestors(kind)), kind.value))
            name = names.thing(code, kind.value.removeprefix(names.DEF), keys.get(Iri(iri), iri))
            # Two things with one identifier stay two things.
            free = (f"{name}~{number}" for number in itertools.count(2))
            renamed[iri] = name if name not in taken else next(other for other in free if other not in taken)
            taken.add(renamed[iri])

    def name_of(term: Term) -> Iri | None:
        return Iri(renamed[term.value]) if isinstance(term, Iri) and term.value in renamed else None

    graph = {
        Triple(name_of(t.subject) or t.subject, t.predicate, name_of(t.object) or t.object)
        for t in found.graph
    }
    described = {node for t in source for node in (t.subject, t.object)}
    return graph | {
        Triple(Iri(new), WAS_DERIVED_FROM, Iri(old))
        for old, new in renamed.items()
        if old != new and Iri(old) in described
    }


def _identifiers(source: Graph) -> dict[Node, str]:
    """The identifier of each thing that has one; the first of several."""
    stated = (t for t in source if t.predicate == _IDENTIFIER and isinstance(t.object, Literal))
    ordered = sorted(stated, key=str, reverse=True)
    return {t.subject: t.object.value for t in ordered if isinstance(t.object, Literal) and t.object.value}


def _kinds(found: Import, standards: Standards) -> dict[Node, set[Iri]]:
    """The classes of the things placed: what they are read as, else what has the links that are said of them."""
    implied: dict[Node, set[Iri]] = defaultdict(set)
    for triple in found.graph:
        implied[triple.subject].update(standards.ends(triple.predicate, DOMAIN))
    return {node: found.kinds.get(node) or kinds for node, kinds in implied.items()}
