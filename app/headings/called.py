"""What the properties of tables are called, and which of them a heading is like.

A property is called what its labels say and what the official lists call the element that it states. The same closeness
tells which entry of a code list a value means that is written otherwise.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.headings.likeness import LABEL, Name
from app.ontology.facts import ALT_LABEL, DOMAIN, PREF_LABEL, TYPE
from app.ontology.standards import Property, Standards
from app.store.terms import Iri, Literal, def_, read_turtle

ENOUGH = 0.45
"""The score from which a property is proposed. Two characters in common of four come to 0.4, an abbreviation to 0.6."""

LONGEST_HEADING = 60
"""Characters up to which a heading is compared; the longest label has some twenty, and more is a sentence."""

BY_ALTERNATIVE, BY_ELEMENT = 0.98, 0.9
"""Factors for being like an alternative label, and like what the official lists call the element."""

ELSEWHERE, ANYWHERE = 0.5, 0.95
"""Factors for a property of other classes than the table's, and for one that anything may have."""

CLEARLY = 0.05
"""By how much a property, or an entry of a code list, must be ahead of the next one to be proposed and not left to choose."""

ALTERNATIVE, ELEMENT = "别名", "要素名称"
"""Why a property is proposed, as message ids, beside the ways in which names are alike."""

_COMMONEST = def_("ImplementedItem")
"""What a table lists whose columns fit several classes alike."""

_BRACKETED = re.compile(r"[(\[{【].*?[)\]}】]")
_NUMBERED = re.compile(r"\d+\W*(\D+)")


@dataclass(frozen=True)
class Proposal:
    """A property that a heading may mean, with a score from 0 to 1 and the reason for it."""

    prop: Property
    score: float
    why: str
    like: str = ""
    """What of the ontology the heading is like; nothing where only the cells speak for it."""
    fit: int = 0
    """1: the column's values are what the property wants; -1: they are not; 0: they do not tell."""
    is_elsewhere: bool = False
    """Things of the table's class do not have this property."""


@dataclass(frozen=True)
class Called:
    """Something a property is called."""

    prop: Property
    text: str
    name: Name
    worth: float
    why: str


class Vocabulary:
    """What the properties that a table may have are called, and which classes have them."""

    def __init__(self, standards: Standards) -> None:
        self.standards = standards
        self.classes = sorted(
            {kind for kind in standards.classes.values() if standards.key_of(kind)},
            key=lambda kind: (kind != _COMMONEST, standards.authored.get(kind, 0)),
        )
        """Those a table may describe."""
        self._above = {kind: standards.ancestors(kind) for kind in self.classes}
        self._domain = {iri: frozenset(standards.ends(iri, DOMAIN)) for iri in standards.properties}
        self._stated = [
            (element, prop)
            for element in standards.subjects(TYPE, def_("Element"))
            for prop in standards.values(element, def_("isStatedBy"))
            if isinstance(element, Iri) and isinstance(prop, Iri)
        ]
        self._asked = Counter[Iri]()
        for element, prop in self._stated:
            for term in ("isRequiredIn", "isListedIn"):
                self._asked[prop] += len(standards.values(element, def_(term)))
        self.called = list(self._all_called())
        self._with = defaultdict[str, set[int]](set)
        for at, one in enumerate(self.called):
            for sign in one.name.plain + one.name.folded:
                self._with[sign].add(at)

    def fits(self, prop: Property, kind: Iri) -> float:
        """1 for a property of a class, less for one that anything may have, least for one of other classes."""
        domain = self._domain[prop.iri]
        return ANYWHERE if not domain else ELSEWHERE if domain.isdisjoint(self._above[kind]) else 1.0

    def order(self, proposal: Proposal) -> tuple[float, int, int]:
        """Best first; of equals what more of the official lists ask for, then as the ontology has them."""
        iri = proposal.prop.iri
        return (-round(proposal.score, 2), -self._asked[iri], self.standards.authored.get(iri, 0))

    def _all_called(self) -> Iterator[Called]:
        standards = self.standards
        tabular = {above for kind in self.classes for above in self._above[kind]}
        of_tables = {
            triple.subject
            for path in standards.part("ontology")
            if path.stem == "dataset"
            for triple in read_turtle(path)
        }
        elements = defaultdict[Iri, list[Iri]](list)
        for element, iri in self._stated:
            elements[iri].append(element)
        for prop in sorted(standards.properties.values(), key=lambda one: one.iri.value):
            domain = self._domain[prop.iri]
            if (
                prop.is_derived
                or prop.iri in standards.upward  # the other direction of a link is inferred
                or (not domain and prop.iri in of_tables)  # the words of region.ttl itself
                or (domain and tabular.isdisjoint(domain))
            ):
                continue
            where = [(prop.iri, PREF_LABEL, 1.0, LABEL), (prop.iri, ALT_LABEL, BY_ALTERNATIVE, ALTERNATIVE)]
            for element in elements[prop.iri]:
                where += [(element, term, BY_ELEMENT, ELEMENT) for term in (PREF_LABEL, ALT_LABEL)]
            for node, predicate, worth, why in where:
                for label in standards.values(node, predicate):
                    if isinstance(label, Literal):
                        yield Called(prop, label.value, Name.of(label.value), worth, why)

    def like(self, heading: str) -> dict[Iri, Proposal]:
        """By property: how much a heading is like anything it is called."""
        found: dict[Iri, Proposal] = {}
        normal = unicodedata.normalize("NFKC", heading)
        for name in {Name.of(normal): 0, Name.of(_BRACKETED.sub("", normal)): 0}:
            for at in self._perhaps(name):
                called = self.called[at]
                score, why = name.like(called.name)
                score, iri = score * called.worth, called.prop.iri
                if iri not in found or found[iri].score < score:
                    found[iri] = Proposal(
                        called.prop, score, called.why if why == LABEL else why, called.text
                    )
        return found

    def _perhaps(self, name: Name) -> Iterable[int]:
        """What may be like a name: what has a character in common, or anything where the name may be pinyin."""
        if len(name.plain) > LONGEST_HEADING:
            return ()
        if name.plain.isascii():
            return range(len(self.called))
        return sorted(set[int]().union(*(self._with.get(s, ()) for s in name.plain + name.folded)))

    def entries(self, prop: Property) -> dict[str, Iri]:
        """The code list in which a property's values stand, by code and by name; nothing where they stand in none."""
        scheme = self.standards.scheme_of(prop.range) if prop.range is not None else None
        return self.standards.code_lists.get(scheme, {}) if scheme is not None else {}

    def close_entry(self, value: str, prop: Property) -> Iri | None:
        """The entry that a value outside the list must mean, if one is clearly the closest: the same number but for noughts,
        or the likest name, with a number before it or without."""
        entries, name = self.entries(prop), Name.of(value)
        if not name.plain or len(value) > LONGEST_HEADING:
            return None
        if name.plain.isdecimal():
            same = {e for key, e in entries.items() if key.isdecimal() and int(key) == int(name.plain)}
            return same.pop() if len(same) == 1 else None
        if numbered := _NUMBERED.fullmatch(name.plain):
            name = Name.of(numbered[1])
        scores: dict[Iri, float] = {}
        for key, entry in entries.items():
            scores[entry] = max(name.like(Name.of(key))[0], scores.get(entry, 0.0))
        ranked = sorted(scores, key=lambda entry: (-scores[entry], entry.value))
        second = scores[ranked[1]] if len(ranked) > 1 else 0.0
        return ranked[0] if ranked and scores[ranked[0]] >= max(ENOUGH, second + CLEARLY) else None


@lru_cache(maxsize=1)
def vocabulary(standards: Standards) -> Vocabulary:
    """Made once: the standard system does not change while a program runs."""
    return Vocabulary(standards)
