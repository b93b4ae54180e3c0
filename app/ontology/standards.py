"""The standard system as the rest of the code asks for it: terms by heading, code lists, code forms, labels, clauses.

Everything here is read from ``ontology/``; nothing is decided in Python.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from app import names
from app.language import comparable
from app.ontology.facts import ALT_LABEL, IN_SCHEME, NOTATION, PREF_LABEL, RANGE, SUBCLASS, TYPE, Facts
from app.ontology.ground import Ground
from app.store.terms import (
    BlankNode,
    Iri,
    Literal,
    Node,
    Term,
    Triple,
    boolean,
    def_,
    read_turtle,
    triples_in_order,
)

_HAS_KEY = Iri(names.OWL + "hasKey")
_UNION = Iri(names.OWL + "unionOf")
_MARK = re.compile(r"[（(【\[]\s*(必填|非必填|选填|可选)[^）)】\]]*[）)】\]]")
_PUNCTUATION = re.compile(r"[\s（）()*＊:：]+")


@dataclass(frozen=True)
class Property:
    """A property as reading needs it: its range decides whether a cell is a literal, a link or a coded value."""

    iri: Iri
    range: Iri | None
    """A datatype or a class; nothing where several classes are meant."""
    is_link: bool
    is_derived: bool
    unit: Iri | None = None
    """Of a number: the property that states its unit."""
    counted_in: frozenset[str] = frozenset()
    """Of a number whose unit is settled: how cells write it behind the number."""
    zero: frozenset[str] = frozenset()
    """What cells say for the number 0."""


@dataclass(frozen=True)
class CodeForm:
    """How the values of some properties are put together; the pattern's groups are the derived properties."""

    takes_apart: frozenset[Iri]
    pattern: re.Pattern[str]


_PARTS = {"standards": "standards", "clauses": "standards"}
"""The files of ``ontology/`` that are data about the system rather than terms and codes, by the graph they make up."""


class Standards(Facts):
    """The ontology with its code lists (``terms``), and the standards and clauses (``documents``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = sorted(folder.rglob("*.ttl"))
        self.terms, self.documents = (
            set[Triple]().union(*(read_turtle(path) for path in self.part(name)))
            for name in ("ontology", "standards")
        )
        super().__init__(self.terms | self.documents)

    def part(self, name: str) -> list[Path]:
        """The files that make up a graph of the system: ``ontology`` or ``standards``."""
        return [path for path in self.files if _PARTS.get(path.stem, "ontology") == name]

    @cached_property
    def ground(self) -> Ground:
        """What of it enters a check."""
        return Ground(self, self.terms, self.documents)

    @cached_property
    def version(self) -> str:
        """The version of the standard system, as the ontology says."""
        return self.text(Iri(names.BASE + "def"), Iri(names.OWL + "versionInfo"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the files, to tell whether anything of the system changed."""
        return digest_of(self.files)

    @cached_property
    def derived(self) -> frozenset[Iri]:
        """The properties and classes that are computed on reading and never taken from a source."""
        return self._marked("isDerived")

    @cached_property
    def national(self) -> frozenset[Iri]:
        """The properties and classes that only the nation's data may state."""
        return self._marked("isNationalFact")

    def _marked(self, mark: str) -> frozenset[Iri]:
        return frozenset(node for node in self.subjects(def_(mark), boolean(True)) if isinstance(node, Iri))

    @cached_property
    def classes(self) -> dict[str, Iri]:
        """Classes by local name and by label, for file and sheet names."""
        found: dict[str, Iri] = {}
        for node in self.subjects(TYPE, Iri(names.OWL + "Class")):
            if isinstance(node, Iri) and node.value.startswith(names.DEF) and node not in self.derived:
                for label in (node.value.removeprefix(names.DEF), *self._all_labels(node)):
                    found.setdefault(label, node)
        return found

    @cached_property
    def properties(self) -> dict[Iri, Property]:
        """The data and object properties by IRI. A date's type is no ``rdfs:range``: OWL 2 reasoners do not know it."""
        return {
            node: Property(
                node,
                self._iri(node, RANGE) or self._iri(node, def_("hasValueType")),
                kind == "ObjectProperty",
                node in self.derived,
                self._iri(node, def_("hasUnitProperty")),
                self._words(node, "isCountedIn"),
                self._words(node, "isZeroIfWritten"),
            )
            for kind in ("DatatypeProperty", "ObjectProperty")
            for node in self.subjects(TYPE, Iri(names.OWL + kind))
            if isinstance(node, Iri) and node.value.startswith(names.DEF)
        }

    def _words(self, node: Node, predicate: str) -> frozenset[str]:
        return frozenset(
            word.value for word in self.values(node, def_(predicate)) if isinstance(word, Literal)
        )

    @cached_property
    def _headings(self) -> dict[str, Property]:
        """Headings that name a property, preferred labels before alternative ones."""
        found: dict[str, Property] = {}
        for predicate in (PREF_LABEL, ALT_LABEL):
            for prop in self.properties.values():
                if not prop.is_derived:
                    for label in self.values(prop.iri, predicate):
                        if isinstance(label, Literal):
                            found.setdefault(plain_heading(label.value), prop)
        return found

    def property_by_heading(self, heading: str) -> Property | None:
        """The property whose label ``heading`` is; white space, brackets and asterisks do not count."""
        return self._headings.get(plain_heading(heading))

    def close_headings(self, heading: str) -> list[str]:
        """Headings that share most characters with ``heading``, best first, to offer with an error."""
        wanted = set(plain_heading(heading))
        scored = [
            (len(wanted & set(known)) / len(wanted | set(known)), known) for known in self._headings if wanted
        ]
        return [known for score, known in sorted(scored, reverse=True) if score >= 0.5][:3]

    def key_of(self, kind: Iri) -> list[Property]:
        """The properties whose values identify a thing of a class (``owl:hasKey``)."""
        return self._keys.get(kind, [])

    @cached_property
    def _keys(self) -> dict[Node, list[Property]]:
        return {
            t.subject: [self.properties[node] for node in self.members(t.object) if isinstance(node, Iri)]
            for t in self.terms
            if t.predicate == _HAS_KEY
        }

    def ends(self, prop: Iri, end: Iri) -> list[Iri]:
        """The classes or datatypes at an end of a property (``DOMAIN``, ``RANGE``), those of a union one by one."""
        found = list[Term]()
        for stated in self.values(prop, end):
            union = self.value(stated, _UNION) if isinstance(stated, BlankNode) else None
            found += [stated, *self.members(union)]
        return [one for one in found if isinstance(one, Iri)]

    @cached_property
    def _linked(self) -> dict[Iri, list[Iri]]:
        """By link property: the classes with a key that it may lead to, the general ones' special ones included."""
        keyed = [kind for kind in sorted(set(self.classes.values()), key=str) if self.key_of(kind)]
        found = {}
        for prop in self.properties.values():
            meant = set(self.ends(prop.iri, RANGE))
            if prop.is_link:
                found[prop.iri] = [kind for kind in keyed if meant & self.ancestors(kind)]
        return found

    def targets(self, prop: Iri) -> list[Iri]:
        """The classes of things, known by a key, that a link property may lead to."""
        return self._linked.get(prop, [])

    @cached_property
    def belonging(self) -> list[Iri]:
        """The links from a thing to the one it belongs to: those in a class's key, and those it can have one of only."""
        in_keys = {p.iri for kind in set(self.classes.values()) for p in self.key_of(kind) if p.is_link}
        functional = set(self.subjects(TYPE, Iri(names.OWL + "FunctionalProperty")))
        return sorted(in_keys | {p.iri for p in self.properties.values() if p.is_link} & functional, key=str)

    @cached_property
    def numbered(self) -> dict[str, Iri]:
        """The documents of the standard system by their number."""
        return {
            t.object.value: t.subject
            for t in self.documents
            if t.predicate == def_("documentNumber")
            and isinstance(t.subject, Iri)
            and isinstance(t.object, Literal)
        }

    def ancestors(self, kind: Iri) -> set[Iri]:
        """A class and all classes above it."""
        return self._reached(kind, lambda one: self.values(one, SUBCLASS))

    def descendants(self, kind: Iri) -> set[Iri]:
        """A class and all classes below it."""
        return self._reached(kind, lambda one: self.subjects(SUBCLASS, one))

    @staticmethod
    def _reached(kind: Iri, step: Callable[[Iri], Iterable[Term]]) -> set[Iri]:
        found, open_ = {kind}, [kind]
        while open_:
            new = {one for one in step(open_.pop()) if isinstance(one, Iri)} - found
            found |= new
            open_ += new
        return found

    @cached_property
    def _coded(self) -> frozenset[Iri]:
        return frozenset(self.descendants(def_("CodedValue")))

    def is_coded(self, kind: Iri | None) -> bool:
        """Whether values of a class stand in a code list."""
        return kind in self._coded

    @cached_property
    def code_lists(self) -> dict[Iri, dict[str, Iri]]:
        """By code list: its entries by notation and by label."""
        lists: dict[Iri, dict[str, Iri]] = defaultdict(dict)
        for entry in sorted({t.subject for t in self.terms if t.predicate == NOTATION}, key=str):
            scheme = self._iri(entry, IN_SCHEME)
            if isinstance(entry, Iri) and scheme is not None:
                for key in (self.text(entry, NOTATION), *self._all_labels(entry)):
                    lists[scheme].setdefault(key, entry)
        return lists

    def scheme_of(self, kind: Iri) -> Iri | None:
        """The usual code list of a class."""
        return self._iri(kind, def_("hasCodeList"))

    @cached_property
    def authored(self) -> dict[Iri, int]:
        """The terms in the order in which the ontology's files define them."""
        found: dict[Iri, int] = {}
        for path in self.part("ontology"):
            for triple in triples_in_order(path):
                if isinstance(triple.subject, Iri):
                    found.setdefault(triple.subject, len(found))
        return found

    def coded_value(self, kind: Iri, cell: str, scheme: Iri | None = None) -> Iri:
        """The entry of a code list that ``cell`` names by notation or label; by default the list of the class.

        What the list does not know gets an IRI of the list all the same: nothing is lost, and rule R24 says so.
        """
        scheme = scheme or self.scheme_of(kind)
        if scheme is None:
            return Iri(names.concept(kind.value.removeprefix(names.DEF), cell))
        return self.code_lists.get(scheme, {}).get(cell) or Iri(
            names.concept(scheme.value.removeprefix(names.CODE), cell)
        )

    def units(self, prop: Property) -> dict[str, Iri]:
        """By how cells write them: the units a number may have that another property states."""
        kind = self.properties[prop.unit].range if prop.unit else None
        scheme = self.scheme_of(kind) if kind else None
        return self.code_lists[scheme] if scheme else {}

    def listed_as(self, kind: Iri, cell: str, scheme: Iri | None = None) -> str:
        """How a code list writes what ``cell`` says: exactly so, with other widths, brackets and spaces, or code and name
        together (“10 其他类别事项”); ``cell`` itself where the list does not have it."""
        scheme = scheme or self.scheme_of(kind)
        known = self.code_lists.get(scheme, {}) if scheme else {}
        return (
            cell if cell in known or scheme is None else self._plain_lists[scheme].get(comparable(cell), cell)
        )

    @cached_property
    def _plain_lists(self) -> dict[Iri, dict[str, str]]:
        found: dict[Iri, dict[str, str]] = defaultdict(dict)
        for scheme, entries in self.code_lists.items():
            for written, entry in entries.items():
                found[scheme].setdefault(comparable(written), written)
                code = self.text(entry, NOTATION)
                found[scheme].setdefault(comparable(code + written), code)
        return found

    @cached_property
    def item_schemes(self) -> dict[Iri, Iri]:
        """The code schemes of items, each with the derived class of the items that follow it."""
        return self._links("codesItemsAs")

    @cached_property
    def entry_classes(self) -> dict[Iri, Iri]:
        """The kinds of tables, each with the derived class of what it lists."""
        return self._links("listsRecordsAs")

    @cached_property
    def usual_kinds(self) -> dict[Iri, Iri]:
        """By class: the kind of a table named after it, unless somebody says otherwise."""
        return {kind: listed for listed, kind in self._links("isUsualKindOf").items()}

    def _links(self, predicate: str) -> dict[Iri, Iri]:
        return {
            triple.subject: triple.object
            for triple in self.terms
            if triple.predicate == def_(predicate)
            and isinstance(triple.subject, Iri)
            and isinstance(triple.object, Iri)
        }

    def code_forms(self, scheme: Iri) -> list[CodeForm]:
        """The forms of a scheme's codes."""
        return [
            CodeForm(
                frozenset(p for p in self.values(form, def_("takesApart")) if isinstance(p, Iri)),
                re.compile(self.text(form, def_("codePattern"))),
            )
            for form in self.values(scheme, def_("hasCodeForm"))
            if isinstance(form, Iri | BlankNode)
        ]

    @cached_property
    def upward(self) -> dict[Iri, Iri]:
        """By the property that is only inferred, the one whose inverse it is: the one data state."""
        inverse = Iri(names.OWL + "inverseOf")
        return {
            t.object: t.subject
            for t in self.terms
            if t.predicate == inverse and isinstance(t.subject, Iri) and isinstance(t.object, Iri)
        }

    def derived_from(self, prop: Iri) -> Iterator[Iri]:
        """The stated properties a derived one comes from, through other derived ones; the property itself if stated."""
        if prop not in self.derived:
            yield prop
        for source in self.values(prop, def_("isDerivedFrom")):
            if isinstance(source, Iri):
                yield from self.derived_from(source)

    def citation(self, clause: Iri, lang: str) -> str:
        """A clause as one cites it: the document's number and the clause's number or name; what is not among the
        documents, by its IRI."""
        document = self._iri(clause, def_("isClauseOf")) or clause
        number = self.text(document, def_("documentNumber"))
        between = " " if number else "：" if lang == "zh" else ": "
        part = self.text(clause, def_("clauseNumber")) or (
            self.label(clause, lang) if document != clause else ""
        )
        said = [one for one in (number or self.label(document, lang), part) if one]
        return between.join(said) or names.shorten(clause.value)

    def _iri(self, subject: Node, predicate: Iri) -> Iri | None:
        return next((v for v in self.values(subject, predicate) if isinstance(v, Iri)), None)

    def _all_labels(self, node: Node) -> list[str]:
        return [
            value.value
            for predicate in (PREF_LABEL, ALT_LABEL)
            for value in self.values(node, predicate)
            if isinstance(value, Literal)
        ]


def plain_heading(heading: str) -> str:
    """A heading without what people add to it: “（必填）”, white space, brackets, asterisks, colons, and case."""
    return _PUNCTUATION.sub("", _MARK.sub("", heading)).casefold()


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, in order of name."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def load() -> Standards:
    """The standard system that comes with the software."""
    return Standards(names.resources("ontology"))
