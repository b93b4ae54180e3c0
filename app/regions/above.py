"""What stands above a region, as far as its graph refers to it: the chain of regions, claimed items, registrations.

Comes from the folders named with ``--above``, else from the folders beside the region's, else from a release. The
nation's divisions come with the software. A level that is nowhere to be had is reported, never guessed.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from app import names
from app.ontology import codes
from app.ontology.facts import TYPE, Facts
from app.ontology.standards import Standards
from app.regions import description
from app.regions.description import SAMPLE
from app.regions.region import read_folder
from app.store.terms import Graph, Index, Iri, Literal, Triple, def_

_REGION = re.compile(re.escape(names.region("")) + r"(\d{6})")


class Source(Protocol):
    """Something that has regions' graphs and can describe a thing in them."""

    def has(self, code: str) -> bool:
        """Whether the graph of a region is here."""

    def describe(self, thing: Iri, code: str) -> Iterable[Triple]:
        """What the graph of region ``code`` says about ``thing``."""


class Folders:
    """Region folders beside each other, read when first asked for."""

    def __init__(self, parent: Path, standards: Standards) -> None:
        self._parent, self._standards = parent, standards
        self._read: dict[str, Facts] = {}

    def has(self, code: str) -> bool:
        return (self._folder(code) / description.FILE).is_file()

    def describe(self, thing: Iri, code: str) -> Iterable[Triple]:
        if code not in self._read:
            self._read[code] = Facts(read_folder(self._folder(code), self._standards).graph)
        return self._read[code].about.get(thing, ())

    def _folder(self, code: str) -> Path:
        return self._parent / code.replace("-", "/")


class Published:
    """The graphs of one kind of an index: a release's, or the one being made."""

    def __init__(self, index: Index, kind: str = "graph") -> None:
        self._index, self._kind = index, kind

    @classmethod
    def of(cls, folder: Path) -> "Published":
        """The data of a finished release, by its index folder, opened for reading only."""
        return cls(Index.read_only(str(folder)))

    def has(self, code: str) -> bool:
        return any(self._index.quads_for_pattern(None, None, None, self._graph(code)))

    def describe(self, thing: Iri, code: str) -> Iterable[Triple]:
        return (quad.triple for quad in self._index.quads_for_pattern(thing, None, None, self._graph(code)))

    def of_class(self, kind: Iri, code: str) -> Iterator[tuple[Iri, str]]:
        """The things of a class in the graph of a region, with their names."""
        for quad in self._index.quads_for_pattern(None, TYPE, kind, self._graph(code)):
            if isinstance(quad.subject, Iri):
                said = self._index.quads_for_pattern(quad.subject, def_("name"), None, self._graph(code))
                name = next((one.object.value for one in said if isinstance(one.object, Literal)), "")
                yield quad.subject, name

    def _graph(self, code: str) -> Iri:
        return Iri(names.graph(code, self._kind))


def sources(folder: Path, above: Path | None, index: Path | None, standards: Standards) -> list["Source"]:
    """Where what stands above a region's folder comes from: the folders in ``above`` where given; else those beside
    it, else the release with ``index``. The nation comes with the software."""
    found: list[Source] = [Folders(above or folder.resolve().parent, standards)]
    if above is None and index is not None:
        found.append(Published.of(index))
    return [*found, Folders(names.resources("data"), standards)]


def gather(own: Graph, code: str, sources: list[Source]) -> tuple[Graph, list[str]]:
    """What the levels above say about the things ``own`` refers to, and the codes of the levels not to be had.

    Each level is taken from the first source that has it.
    """
    levels = levels_above(code)
    held = {level: source for level in levels if (source := _first(sources, level))}
    things = referred(own, code)
    found = {
        triple for level, source in held.items() for iri in things for triple in source.describe(iri, level)
    }
    needed = {level for level in levels if not level.endswith(SAMPLE)} - {code.partition("-")[0]}
    return found, [level for level in levels if level in needed - set(held)]


def levels_above(code: str) -> list[str]:
    """The codes of what a region's graph is compared with: the levels above with their samples, nearest first; a sample
    also with the facts of its region."""
    region, _, sample = code.partition("-")
    chain = codes.region_chain(region) if region.isdigit() else [names.NATION]
    above = [level for stem in chain for level in (stem, f"{stem}-{SAMPLE}")]
    return [region, *above] if sample else above


def referred(own: Graph, code: str) -> list[Iri]:
    """The things of others that a region's graph refers to: what is said of them above enters its check."""
    region = code.partition("-")[0]
    wanted = {triple.object for triple in own if isinstance(triple.object, Iri)}
    named = {match[1] for iri in wanted if (match := _REGION.fullmatch(iri.value))} | {region}
    # A region is described with those above it: what is said of it refers to them.
    wanted |= {
        Iri(names.region(up)) for code in named if code.isdigit() for up in [code, *codes.region_chain(code)]
    }
    own_things = names.region(region) + "/"
    return [
        iri
        for iri in wanted
        if iri.value.startswith(names.BASE + "id/") and not iri.value.startswith(own_things)
    ]


def _first(sources: list[Source], code: str) -> Source | None:
    return next((source for source in sources if source.has(code)), None)
