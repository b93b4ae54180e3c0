"""Headings nobody has declared: what they probably mean, and why.

A heading is compared with everything a property is called: its labels and those of the element it states. What stands in
the column decides between properties of like names. Reading takes none of it for granted: ``app.headings.mapped`` writes
the lines of ``region.ttl`` for a person to confirm.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from app.files.table import Sheet
from app.headings.called import CLEARLY, ELSEWHERE, ENOUGH, Proposal, Vocabulary, vocabulary
from app.headings.likeness import is_chinese
from app.ontology.facts import NOTATION
from app.ontology.standards import Property, Standards
from app.regions import cell
from app.regions.description import Description, Table
from app.store.terms import Iri, def_

ROWS_LOOKED_AT = 1000
"""Rows whose cells are evidence for what a column holds: the rest of a county's two thousand change no verdict."""

VALUES_LOOKED_AT = 100
"""Different values of a column that are held against a property."""

LISTED = 0.3
"""The score from which a property is named beside the one proposed."""

MOST_OTHERS = 4
"""Properties named for a heading beside the one proposed, or to choose from."""

MOST_VALUES = 20
"""Values written out for a value map: where more are unknown, they are no codes, or of another list."""

FITS, FITS_NOT = 1.1, 0.75
"""Factors for cells that hold what the property wants, and for cells that do not."""

BY_VALUES = 0.6
"""For a column whose heading says nothing and whose cells are names from one code list."""

MOST_WITHOUT_LABEL = 0.97
"""What fitting cells may lift a likeness to: it stays below a label."""

MOSTLY, HARDLY = 0.8, 0.5
"""The share of a column's values from which it holds something, and below which it does not."""

KEY_WEIGHT, KEY_ENOUGH = 2.0, 0.6
"""How much more a key tells of a table's class than another column does, and the score from which it does: many are called
some number or code."""

CLASS_ENOUGH = 1.5
"""What the columns of a table must come to for a class to be proposed: hardly less than a key of its own."""

VALUES = "列中的值"
"""Why a property is proposed, as a message id, where only the cells speak for it."""

_SEPARATORS = ("；", ";", "、", "，", ",", "|", "/")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_REGION_CODE = re.compile(r"\d{6}(\d{6})?")


@dataclass(frozen=True)
class ValueMap:
    """A value that is in no code list but close to an entry, or several: as written, and as it would be read."""

    written: str
    read: str
    entries: tuple[Iri, ...]


@dataclass(frozen=True)
class Heading:
    """A column of a table: the property it is known by, or what is proposed."""

    text: str
    known: Property | None = None
    is_declared: bool = False
    """``region.ttl`` says what the column is, or leaves it out."""
    chosen: Proposal | None = None
    others: tuple[Proposal, ...] = ()
    """Also possible, or to choose from where nothing is chosen: what no other column is taken for."""
    outdone: Proposal | None = None
    """What the heading is likeliest to mean where another column is taken for it."""
    separator: str = ""
    value_map: tuple[ValueMap, ...] = ()
    unknown_values: tuple[str, ...] = ()
    """Values of a coded column that are close to no entry."""
    key_is_name: bool = False

    @property
    def prop(self) -> Property | None:
        """What the column is taken for."""
        return self.chosen.prop if self.chosen else self.known

    @property
    def needs_saying(self) -> bool:
        """Whether ``region.ttl`` has yet to say something of it."""
        differs = self.separator or self.value_map or self.unknown_values or self.key_is_name
        return not self.is_declared and (self.known is None or bool(differs))


@dataclass(frozen=True)
class Mapped:
    """A table: what it describes, how that is known (``region.ttl``, ``name``, ``headings``, or nothing), its columns."""

    file: str
    sheet: str
    kind: Iri | None
    kind_by: str
    headings: tuple[Heading, ...]
    missing_keys: tuple[Property, ...]
    """Of the class's key, what no column is taken for: without it nothing can be read."""
    is_declared: bool
    """``region.ttl`` describes the table already: what is missing goes there."""
    code: str
    """The code of the region or its sample, as far as anything tells it."""

    @property
    def needs_saying(self) -> bool:
        """Whether ``region.ttl`` has yet to say something of it."""
        return self.kind_by in ("headings", "") or any(heading.needs_saying for heading in self.headings)


def propose(
    sheets: Iterable[Sheet], standards: Standards, described: Description | None = None, code: str = ""
) -> list[Mapped]:
    """What the tables of a file are and what their headings mean. ``described`` is what ``region.ttl`` says already,
    ``code`` the region's where one knows it otherwise."""
    called = vocabulary(standards)
    return [_Columns(sheet, called, described, code).mapped() for sheet in sheets]


class _Columns:
    """The columns of one table, while it is found out what they mean."""

    def __init__(
        self, sheet: Sheet, vocabulary: Vocabulary, described: Description | None, code: str
    ) -> None:
        self.sheet, self.vocabulary, self.standards = sheet, vocabulary, vocabulary.standards
        self.texts = list(dict.fromkeys(filter(None, sheet.headings)))
        self.values = {one: self._values(one) for one in self.texts}
        named = self.standards.classes.get(sheet.name) or self.standards.classes.get(Path(sheet.file).stem)
        self.declared = described.table(sheet.file, sheet.name, named) if described else None
        self.code = described.code if described else code
        self.like = {one: vocabulary.like(one) for one in self.texts}
        self.kind, self.kind_by = self._kind(named, self.declared)

    def mapped(self) -> Mapped:
        """The table with its class and what its headings mean."""
        headings = self._chosen()
        keys = self.standards.key_of(self.kind) if self.kind else []
        held = {heading.prop for heading in headings}
        return Mapped(
            self.sheet.file,
            self.sheet.name,
            self.kind,
            self.kind_by,
            tuple(headings),
            tuple(key for key in keys if key not in held),
            self.declared is not None,
            self.code or self._code_in(headings),
        )

    def _values(self, heading: str) -> list[str]:
        """The different values of a column, the commonest first."""
        at = self.sheet.headings.index(heading)
        found = Counter(cells[at].strip() for _, cells in self.sheet.rows[:ROWS_LOOKED_AT])
        del found[""]
        return [value for value, _ in found.most_common()]

    def _kind(self, named: Iri | None, declared: Table | None) -> tuple[Iri | None, str]:
        """What the table describes: what ``region.ttl`` says, what it is named after, else the class that has most of its
        columns, the key above all."""
        if declared is not None and declared.kind is not None:
            return declared.kind, "region.ttl"
        if named is not None and self.standards.key_of(named):
            return named, "name"
        scores = {kind: self._likely(kind) for kind in self.vocabulary.classes}
        best = max(scores, key=lambda kind: scores[kind])  # the first of equals
        return (best, "headings") if scores[best] >= CLASS_ENOUGH else (None, "")

    def _likely(self, kind: Iri) -> float:
        """How many of the columns a class has, each by how surely."""
        own = [
            max(
                (one.score for one in like.values() if self.vocabulary.fits(one.prop, kind) == 1.0),
                default=0.0,
            )
            for like in self.like.values()
        ]
        keys = [
            max((like[key.iri].score for like in self.like.values() if key.iri in like), default=0.0)
            for key in self.standards.key_of(kind)
        ]
        key = min(keys) if min(keys) >= KEY_ENOUGH else 0.0
        return sum(score for score in own if score >= ENOUGH) + KEY_WEIGHT * key

    # what a heading means

    def _chosen(self) -> list[Heading]:
        """Each heading with its property. A property is given away once: to the heading most like it."""
        declared = self.declared.columns if self.declared else {}
        found: dict[str, Heading] = {}
        for one in self.texts:
            if one in declared:
                found[one] = Heading(one, declared[one].prop, is_declared=True)
            elif (known := self.standards.property_by_heading(one)) and self._is_own(known):
                found[one] = Heading(one, known)
        taken = {heading.prop.iri for heading in found.values() if heading.prop}
        ranked = {one: self._ranked(one) for one in self.texts if one not in found}
        every = [(proposal, one) for one, proposals in ranked.items() for proposal in proposals]
        every.sort(key=lambda pair: self.vocabulary.order(pair[0]))
        before = -1
        while before != len(
            found
        ):  # what is given away may leave another heading with one property that is clear
            before = len(found)
            for proposal, one in every:
                if one not in found and self._is_clear(proposal, ranked[one], taken):
                    taken.add(proposal.prop.iri)
                    found[one] = Heading(one, chosen=proposal)
        return [
            self._with_values(self._beside(found.get(one), one, ranked.get(one, []), taken))
            for one in self.texts
        ]

    def _beside(
        self, heading: Heading | None, written: str, ranked: list[Proposal], taken: set[Iri]
    ) -> Heading:
        """A heading with what else it may mean."""
        others = tuple(one for one in ranked if one.prop.iri not in taken)[:MOST_OTHERS]
        if heading is not None:
            return replace(heading, others=others)
        best = next(iter(ranked), None)
        is_outdone = best is not None and best.prop.iri in taken and best.score >= ENOUGH
        return Heading(written, others=others, outdone=best if is_outdone else None)

    def _is_clear(self, proposal: Proposal, ranked: list[Proposal], taken: set[Iri]) -> bool:
        """Whether a property is the one to propose: likely, ahead of the others that are free, and not far behind one that
        is not: 电话 beside 咨询电话 is not the other telephone."""
        if proposal.score < ENOUGH or proposal.prop.iri in taken:
            return False
        return all(
            other.score < proposal.score + CLEARLY
            if other.prop.iri in taken
            else other.score <= proposal.score - CLEARLY
            for other in ranked
            if other != proposal
        )

    def _is_own(self, prop: Property) -> bool:
        return self.kind is None or self.vocabulary.fits(prop, self.kind) > ELSEWHERE

    def _ranked(self, heading: str) -> list[Proposal]:
        """The properties a heading may mean, best first: by likeness, by whether things of the class have them, and by
        what stands in the column."""
        found = dict(self.like[heading])
        for prop in self._named_in_cells(heading):
            if prop.iri not in found or found[prop.iri].score < BY_VALUES:
                found[prop.iri] = Proposal(prop, BY_VALUES, VALUES)
        judged = [self._judged(one, heading) for one in found.values() if one.score >= LISTED]
        likely = [one for one in judged if one.score >= (ENOUGH if one.is_elsewhere else LISTED)]
        return sorted(likely, key=self.vocabulary.order)

    def _judged(self, proposal: Proposal, heading: str) -> Proposal:
        of_class = self.vocabulary.fits(proposal.prop, self.kind) if self.kind else 1.0
        fit = self._fit(proposal.prop, self.values[heading][:VALUES_LOOKED_AT])
        score = proposal.score * of_class
        if fit > 0 and proposal.why != VALUES:
            score = max(score, min(score * FITS, MOST_WITHOUT_LABEL))
        elif fit < 0:
            score *= FITS_NOT
        return replace(proposal, score=score, fit=fit, is_elsewhere=of_class == ELSEWHERE)

    def _named_in_cells(self, heading: str) -> Iterator[Property]:
        """The coded properties of the table's class of whose list the cells are names. Bare numbers are in every list."""
        values = self.values[heading][:VALUES_LOOKED_AT]
        if len(values) > 1 and not any(value.isascii() for value in values):
            for prop in {one.prop: 0 for one in self.vocabulary.called}:
                entries = self.vocabulary.entries(prop)
                if entries and self._is_own(prop) and entries.keys() >= set(values):
                    yield prop

    def _fit(self, prop: Property, values: list[str]) -> int:
        """Whether values are what a property wants: 1, or -1 if not, or 0 if they do not tell."""
        wanted = self._wanted(prop)
        if wanted is None or not values or self._are_names(values, prop):
            return 0
        share = sum(map(wanted, values)) / len(values)
        return 1 if share >= MOSTLY else -1 if share < HARDLY else 0

    def _wanted(self, prop: Property) -> Callable[[str], bool] | None:
        """What tells whether a value is one of a property, where anything does."""
        kind = prop.range
        if self.vocabulary.entries(prop):
            entries = self.vocabulary.entries(prop)
            return lambda value: value in entries or self.vocabulary.close_entry(value, prop) is not None
        if kind == def_("Region") or prop.iri == def_("regionCode"):
            return lambda value: _REGION_CODE.fullmatch(value) is not None
        if prop.iri == def_("unifiedSocialCreditCode"):
            return lambda value: _CREDIT_CODE.fullmatch(value) is not None
        if def_("Department") in self.standards.targets(prop.iri):
            return lambda value: _CREDIT_CODE.fullmatch(value) is not None
        if prop.is_link:
            return None
        if kind is not None and kind.value == cell.TEXT:
            return is_chinese
        if kind is not None and kind.value in cell.EXAMPLES:
            datatype = kind.value
            return lambda value: _is_literal(value, datatype)
        return None

    # what the cells need

    def _with_values(self, heading: Heading) -> Heading:
        """A heading with what its cells need: codes written otherwise, several in a cell, names instead of keys."""
        prop, values = heading.prop, self.values[heading.text]
        if prop is None or heading.is_declared:
            return heading
        entries = self.vocabulary.entries(prop)
        if not entries:
            return replace(heading, key_is_name=self._are_names(values, prop))
        outside = [value for value in values if value not in entries]
        separator = next((one for one in _SEPARATORS if self._separates(one, outside, prop)), "")
        maps, unknown = list[ValueMap](), list[str]()
        for value in outside:
            parts = [part.strip() for part in value.split(separator)] if separator else [value]
            meant = tuple(filter(None, (self._meant(part, prop) for part in parts)))
            if len(meant) < len(parts):
                unknown.append(value)
            elif not entries.keys() >= set(parts):
                read = separator.join(self.standards.text(one, NOTATION) for one in meant)
                maps.append(ValueMap(value, read, meant))
        return replace(
            heading, separator=separator, value_map=tuple(maps[:MOST_VALUES]), unknown_values=tuple(unknown)
        )

    def _meant(self, value: str, prop: Property) -> Iri | None:
        return self.vocabulary.entries(prop).get(value) or self.vocabulary.close_entry(value, prop)

    def _separates(self, sign: str, values: list[str], prop: Property) -> bool:
        """Whether a sign separates entries of a property's list wherever it stands."""
        with_it = [value for value in values if sign in value.strip(sign)]
        return bool(with_it) and all(
            self._meant(part.strip(), prop) for v in with_it for part in v.split(sign)
        )

    def _are_names(self, values: list[str], prop: Property) -> bool:
        """Whether cells that should hold the keys of things hold their names."""
        targets = self.standards.targets(prop.iri)
        may_be = len(targets) == 1 and targets[0] not in (def_("Region"), def_("NormativeDocument"))
        return may_be and bool(values) and sum(map(is_chinese, values)) >= MOSTLY * len(values)

    def _code_in(self, headings: list[Heading]) -> str:
        """The region whose division codes stand in the table, if it is one only."""
        found = {
            value[:6]
            for heading in headings
            if heading.prop
            and (heading.prop.iri == def_("regionCode") or heading.prop.range == def_("Region"))
            for value in self.values[heading.text]
            if _REGION_CODE.fullmatch(value)
        }
        return found.pop() if len(found) == 1 else ""


def _is_literal(value: str, datatype: str) -> bool:
    try:
        cell.literal(value, datatype)
    except cell.Unfit:
        return False
    return True
