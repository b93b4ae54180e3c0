"""The axioms of an ontology, one by one, as a reasoner takes them.

An axiom is a triple with the blank nodes that hang on it (OWL 2 Mapping to RDF Graphs §3). Declarations and annotations
are none; a list of disjoint classes is an axiom for each pair, so that an explanation names two classes and not forty.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from app import names
from app.ontology.facts import TYPE, Facts
from app.store.terms import BlankNode, Graph, Iri, Literal, Term, Triple

_OWL, _RDFS = names.OWL, names.RDFS
_BUILT_IN = (names.RDF, _RDFS, _OWL)

_DECLARATIONS = frozenset(
    Iri(iri)
    for iri in (
        *(_OWL + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")),
        *(_OWL + kind for kind in ("NamedIndividual", "Ontology", "Restriction")),
        *(_RDFS + kind for kind in ("Class", "Datatype")),
    )
)
_ANNOTATIONS = frozenset(
    Iri(iri)
    for iri in (
        *(_RDFS + name for name in ("label", "comment", "seeAlso", "isDefinedBy")),
        *(_OWL + name for name in ("versionInfo", "versionIRI", "imports", "deprecated")),
    )
)
_TO_CLASSES = frozenset(
    {TYPE}
    | {Iri(_RDFS + name) for name in ("subClassOf", "domain", "range")}
    | {Iri(_OWL + name) for name in ("equivalentClass", "disjointWith")}
)
_OF_PROPERTIES = frozenset({Iri(_RDFS + "subPropertyOf"), Iri(_OWL + "equivalentProperty")})
_OF_EXPRESSIONS = frozenset(
    {Iri(_RDFS + "subClassOf"), Iri(_OWL + "equivalentClass"), Iri(_OWL + "disjointWith")}
)
"""What is stated of a class expression that has no name; its other triples only make it up."""
_BOTH_WAYS = frozenset(
    Iri(_OWL + name)
    for name in (
        *("equivalentClass", "disjointWith", "equivalentProperty", "propertyDisjointWith"),
        *("inverseOf", "sameAs", "differentFrom"),
    )
)
NEGATIVE = Iri(_OWL + "NegativePropertyAssertion")
"""The type of a node that denies what its other triples say."""
_UPWARD = frozenset(
    {_RDFS + "subClassOf", _RDFS + "subPropertyOf", _OWL + "equivalentClass", _OWL + "equivalentProperty"}
)
_MEMBERS = (Iri(_OWL + "members"), Iri(_OWL + "distinctMembers"))
_PAIRS = {
    Iri(_OWL + "AllDisjointClasses"): Iri(_OWL + "disjointWith"),
    Iri(_OWL + "AllDifferent"): Iri(_OWL + "differentFrom"),
    Iri(_OWL + "AllDisjointProperties"): Iri(_OWL + "propertyDisjointWith"),
}

DATATYPES = frozenset(
    {names.XSD + name for name in ("string", "boolean", "integer", "decimal", "nonNegativeInteger")}
    | {names.XSD + "anyURI", names.RDF + "PlainLiteral", names.RDF + "langString"}
)
"""Datatypes of values that HermiT takes; it refuses the others with an exception, ``xsd:date`` among them."""


@dataclass(frozen=True)
class Axiom:
    """One axiom: the triple that states it, all its triples, and the file it stands in."""

    stated: Triple
    triples: frozenset[Triple]
    file: str


@dataclass(frozen=True)
class Theory:
    """Files taken together as a reasoner takes them."""

    files: Mapping[str, Graph]

    @cached_property
    def facts(self) -> Facts:
        """All triples of all files."""
        return Facts(triple for graph in self.files.values() for triple in graph)

    @cached_property
    def declarations(self) -> frozenset[Triple]:
        """What says that a name is a class, a property or an individual; part of every question to a reasoner."""
        return frozenset(
            t
            for t in self.facts.graph
            if t.predicate == TYPE and t.object in _DECLARATIONS and isinstance(t.subject, Iri)
        )

    def declared(self, kind: str) -> frozenset[Iri]:
        """The names declared as a ``kind``: ``"Class"``, ``"ObjectProperty"`` and so on."""
        return self._declared.get(Iri(_OWL + kind), frozenset())

    @cached_property
    def _declared(self) -> dict[Term, frozenset[Iri]]:
        found: dict[Term, set[Iri]] = {}
        for t in self.declarations:
            if isinstance(t.subject, Iri):
                found.setdefault(t.object, set()).add(t.subject)
        return {kind: frozenset(terms) for kind, terms in found.items()}

    @property
    def axioms(self) -> list[Axiom]:
        """Every axiom once, in the order of files and triples."""
        return self._split[0]

    @property
    def left_out(self) -> Counter[str]:
        """Why triples are not given to a reasoner, as a Chinese message id, with how many."""
        return self._split[1]

    @cached_property
    def schema(self) -> list[Axiom]:
        """The axioms about classes and properties; the others are about individuals."""
        return [axiom for axiom in self.axioms if not self._is_assertion(axiom.stated)]

    @cached_property
    def above(self) -> dict[str, set[str]]:
        """By IRI of a class or property, everything that axioms say is above it, through others, too."""
        found: dict[str, set[str]] = {}
        for axiom in self.schema:
            one, other = axiom.stated.subject, axiom.stated.object
            if axiom.stated.predicate.value in _UPWARD and isinstance(one, Iri) and isinstance(other, Iri):
                found.setdefault(one.value, set()).add(other.value)
                if axiom.stated.predicate.value.startswith(_OWL):
                    found.setdefault(other.value, set()).add(one.value)
        size = -1
        while size != (size := sum(map(len, found.values()))):
            for over in found.values():
                over |= set[str]().union(*(found.get(one, set()) for one in over))
        return found

    def witness(self, term: str) -> frozenset[Triple]:
        """What cannot be where a class or property is unsatisfiable: a member, two things it joins, or a value."""
        one, iri = Iri("urn:zwfw:witness"), Iri(term)
        if iri in self.declared("Class"):
            return frozenset({Triple(one, TYPE, iri)})
        if iri in self.declared("ObjectProperty"):
            return frozenset({Triple(one, iri, Iri("urn:zwfw:other-witness"))})
        some = BlankNode()
        return frozenset(
            {
                Triple(one, TYPE, some),
                Triple(some, TYPE, Iri(_OWL + "Restriction")),
                Triple(some, Iri(_OWL + "onProperty"), iri),
                Triple(some, Iri(_OWL + "someValuesFrom"), Iri(_RDFS + "Literal")),
            }
        )

    @cached_property
    def _properties(self) -> frozenset[Iri]:
        return self.declared("ObjectProperty") | self.declared("DatatypeProperty")

    @cached_property
    def _annotations(self) -> frozenset[Iri]:
        return self.declared("AnnotationProperty") | _ANNOTATIONS

    @cached_property
    def _hanging(self) -> set[BlankNode]:
        """The blank nodes that another triple leads to."""
        return {t.object for t in self.facts.graph if isinstance(t.object, BlankNode)}

    @cached_property
    def _split(self) -> tuple[list[Axiom], Counter[str]]:
        found: dict[object, Axiom] = {}
        left_out: Counter[str] = Counter()
        for file, graph in self.files.items():
            for stated in sorted(graph, key=str):
                if self._is_part(stated):
                    continue
                if why := self._why_left_out(stated):
                    left_out[why] += 1
                    continue
                for one in self._pairs(stated) or [stated]:
                    same = frozenset({one.subject, one.object}) if one.predicate in _BOTH_WAYS else one
                    found.setdefault((one.predicate, same), Axiom(one, self._whole(one), file))
        return list(found.values()), left_out

    def _is_assertion(self, stated: Triple) -> bool:
        if stated.predicate == TYPE:
            own = isinstance(stated.object, Iri) and stated.object.value.startswith(_BUILT_IN)
            return not own or stated.object == NEGATIVE
        return stated.predicate in self._properties or stated.predicate.value in (
            _OWL + "sameAs",
            _OWL + "differentFrom",
        )

    def _is_part(self, stated: Triple) -> bool:
        """Whether a triple is a declaration, or belongs to the axiom its blank node hangs on or makes up."""
        subject, predicate, value = stated.subject, stated.predicate, stated.object
        if predicate == TYPE and value in _DECLARATIONS:
            return True
        if not isinstance(subject, BlankNode) or self._is_individual(subject):
            return False
        if subject in self._hanging:
            return True
        stands_alone = predicate == TYPE and (value in _PAIRS or value == NEGATIVE)
        return not (stands_alone or predicate in _OF_EXPRESSIONS or predicate in self._properties)

    def _why_left_out(self, stated: Triple) -> str | None:
        predicate, value = stated.predicate, stated.object
        if predicate.value == _OWL + "imports":
            return "引用其他本体的语句：所引用的已一并读入"
        if predicate in self._annotations:
            return "标签、定义等注释：不是公理"
        if isinstance(value, Literal) and value.datatype.value not in DATATYPES:
            return "日期等取值：推理机不认识其数据类型，由 SHACL 规则检查"
        return None if self._is_declared(stated) else "所用的类或属性未声明，或者取值与属性的种类不符的语句"

    def _is_declared(self, stated: Triple) -> bool:
        subject, predicate, value = stated.subject, stated.predicate, stated.object
        if predicate in self._properties:
            return isinstance(value, Literal) == (predicate in self.declared("DatatypeProperty"))
        if predicate in _TO_CLASSES and isinstance(value, Iri):
            return value in self.declared("Class") or value.value.startswith((*_BUILT_IN, names.XSD))
        if predicate in _OF_PROPERTIES:
            return {subject, value} <= self._properties
        return predicate.value.startswith(_BUILT_IN)

    def _is_individual(self, node: BlankNode) -> bool:
        kinds = self.facts.values(node, TYPE)
        return any(isinstance(kind, Iri) and not kind.value.startswith(_BUILT_IN) for kind in kinds)

    def _pairs(self, stated: Triple) -> list[Triple]:
        """The pairs that a list of disjoint or different things stands for."""
        if stated.predicate != TYPE or not isinstance(stated.object, Iri) or stated.object not in _PAIRS:
            return []
        heads = (self.facts.value(stated.subject, members) for members in _MEMBERS)
        listed = [node for head in heads for node in self.facts.members(head)]
        return [
            Triple(one, _PAIRS[stated.object], other)
            for one, other in combinations(listed, 2)
            if isinstance(one, Iri | BlankNode)
        ]

    def _whole(self, stated: Triple) -> frozenset[Triple]:
        return frozenset({stated, *self._made_up_of(stated.subject), *self._made_up_of(stated.object)})

    def _made_up_of(self, node: Term) -> Iterator[Triple]:
        if isinstance(node, BlankNode) and not self._is_individual(node):
            for triple in self.facts.about[node]:
                if triple.predicate not in _OF_EXPRESSIONS:
                    yield triple
                    yield from self._made_up_of(triple.object)
