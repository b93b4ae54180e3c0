"""What reports rest on, and which of them a change concerns.

A region's report follows from its own graph, from what the levels above and the standard system say of the things it
refers to, from the ontology, from each rule that has targets in it, from the date and from the software. A region is
checked again when one of these changed, and not otherwise; the date alone is no change, the report states it.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Set
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

from app import names
from app.checking.rules import PREFIX_FILE, Rule, Rules, sh
from app.language import LANGUAGES, text
from app.ontology.facts import TYPE
from app.ontology.standards import Standards, digest_of
from app.questions import question
from app.regions.above import levels_above
from app.releases.release import REFERS, SYSTEM, Release
from app.store.terms import Index, Iri, Term, Triple, canonical, ntriples

EXAMPLES = 3
"""How many changed things a reason names: enough to see what it is about."""


@dataclass(frozen=True)
class Basis:
    """The standard system as reports rest on it: digests, to be kept with a release."""

    software: str
    files: str
    """Of the files, comments and all: when they change, what is dumped of the system changes."""
    ground: str
    """Of what enters every check."""
    referable: dict[str, str]
    """By IRI: of what enters where something refers to it."""
    rules: dict[str, str]
    """By identifier: of a rule with its layer and what its clause is called."""

    @classmethod
    def of(cls, standards: Standards, rules: Rules, before: "Basis | None") -> "Basis":
        """The basis for the next release; files that are those of ``before`` are not looked into again."""
        asked = question.load().files
        files = digest_of([*standards.files, rules.folder / PREFIX_FILE, *rules.files, *asked])
        if before is not None and before.files == files:
            return Basis(version("zwfw"), files, before.ground, before.referable, before.rules)
        return Basis(
            version("zwfw"),
            files,
            _digest(standards.ground.always),
            {iri.value: _digest(said) for iri, said in standards.ground.referable.items()},
            {rule.identifier: _of_rule(rule, rules, standards) for rule in rules.all},
        )

    @classmethod
    def kept(cls, release: Release) -> "Basis | None":
        """What a release keeps of its basis; nothing for one made before it was kept."""
        path = release.path / SYSTEM
        return cls(**json.loads(path.read_bytes())) if path.is_file() else None

    def written(self) -> bytes:
        """The basis as a file of a release."""
        return json.dumps(asdict(self), sort_keys=True, indent=1).encode()


def _digest(graph: Iterable[Triple]) -> str:
    return hashlib.sha256(ntriples(canonical(graph))).hexdigest()


def _of_rule(rule: Rule, rules: Rules, standards: Standards) -> str:
    cited = [standards.citation(rule.clause, lang) for lang in LANGUAGES]
    said = [rule.layer, *cited, _digest(rule.graph), _digest(rules.prefixes)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


@dataclass(frozen=True)
class Reason:
    """Why regions are checked again: a Chinese message id with its values."""

    message: str
    values: tuple[tuple[str, str], ...] = ()

    def said(self, lang: str, things: Iterable[str] = ()) -> str:
        """The reason as a clause, with examples of the things it is about."""
        said = text(self.message, lang, **dict(self.values))
        some = [names.shorten(thing).removeprefix(names.BASE) for thing in things][:EXAMPLES]
        return said + (text("（如 {things}）", lang, things=some) if some else "")


Reasons = dict[Reason, set[str]]
"""Reasons with the things that changed and that a region refers to, where there are such."""


@dataclass
class Changes:
    """What changes with a publication, and whom it concerns."""

    old: Release | None
    standards: Standards
    rules: Rules
    basis: Basis
    everything: bool = False
    """Whether it is asked that every region be checked again."""
    levels: dict[str, set[str] | None] = field(default_factory=dict)
    """By region: the things of which its data say something else than before; nothing where it is new or withdrawn."""
    withdrawn: frozenset[str] = frozenset()
    """The regions that are taken out."""
    inferred: dict[str, set[str]] = field(default_factory=dict)
    """By region: the things of which something else follows."""

    @cached_property
    def before(self) -> Basis | None:
        return Basis.kept(self.old) if self.old else None

    @cached_property
    def of_system(self) -> bool:
        """Whether what is derived and inferred may be another everywhere: the ontology or the software changed."""
        before = self.before
        return before is None or before.ground != self.basis.ground or before.software != self.basis.software

    @cached_property
    def _everywhere(self) -> list[Reason]:
        before = self.before
        if before is None:
            return [Reason("此前的发布没有记下检查所依据的内容")]
        found = [Reason("要求全部重新检查")] if self.everything else []
        if before.software != self.basis.software:
            software = (("old", before.software), ("new", self.basis.software))
            found.append(Reason("软件由 {old} 变为 {new}", software))
        if before.ground != self.basis.ground:
            found.append(Reason("本体变了"))
        return found

    @cached_property
    def _rules(self) -> dict[str, Rule | None]:
        """The rules that changed by identifier; those withdrawn are no more."""
        before = self.before.rules if self.before else {}
        changed = {one for one, _ in before.items() ^ self.basis.rules.items()}
        return {one: self.rules.find(one) for one in sorted(changed)}

    @cached_property
    def _referable(self) -> set[str]:
        before = self.before.referable if self.before else {}
        return {one for one, _ in before.items() ^ self.basis.referable.items()}

    @cached_property
    def _index(self) -> Index:
        assert self.old is not None
        return Index.read_only(str(self.old.index))

    def reasons(self, code: str, entry: dict[str, Any]) -> Reasons:
        """Why a region that is published already must be checked again; empty if it need not."""
        found: Reasons = {reason: set() for reason in self._everywhere}
        if found:
            return found
        for identifier, rule in self._rules.items():
            known = identifier in entry["rules"] or identifier in entry.get("conformance", ())
            if known or (rule is not None and self._has_targets(rule, code, entry)):
                found[Reason("规则 {rule} 变了", (("rule", identifier),))] = set()
        for level, changed in self._levels_of(code, self.levels):
            if changed is None:
                message = "上级 {level} 已撤下" if level in self.withdrawn else "上级 {level} 新发布"
                found[Reason(message, (("level", level),))] = set()
            elif things := self._meant(code, changed):
                found[Reason("{level} 的数据有变化", (("level", level),))] = things
        if things := self._meant(code, self._referable):
            found[Reason("代码表或文件有变化")] = things
        return found

    def note(self, code: str, inferred: set[str]) -> None:
        """Remember of which things of a region something else follows, if others are compared with it."""
        if code in self.compared_with:
            self.inferred.setdefault(code, set()).update(inferred)

    @cached_property
    def compared_with(self) -> set[str]:
        """The levels with which regions published already are compared."""
        return {level for code in (self.old.regions if self.old else ()) for level in levels_above(code)}

    def infers(self, code: str) -> bool:
        """Whether something else may follow for a region, from what is stated or follows above."""
        return any(
            changed is None or self._meant(code, changed)
            for levels in (self.levels, self.inferred)
            for _, changed in self._levels_of(code, levels)
        )

    def _levels_of(
        self, code: str, levels: "dict[str, set[str] | None] | dict[str, set[str]]"
    ) -> list[tuple[str, set[str] | None]]:
        return [(level, levels[level]) for level in levels_above(code) if level in levels]

    def _meant(self, code: str, things: Set[str]) -> set[str]:
        """The things among those changed that a region refers to."""
        if not things or self.old is None:
            return set()
        kept = gzip.decompress(self.old.region_file(code, REFERS).read_bytes())
        return {thing for thing in json.loads(kept) if thing in things}

    def _has_targets(self, rule: Rule, code: str, entry: dict[str, Any]) -> bool:
        """Whether a rule has targets among what a region states, some of which may stand in others' graphs."""
        if rule.targets is None:
            return True
        graph = Iri(names.graph(code))
        shared = {Iri(thing) for thing in entry["foreign"]}
        shared |= {Iri(line.partition(" ")[0][1:-1]) for line in entry["withheld"].get("graph", ())}
        for kind, value in rule.targets:
            for predicate, term in self._patterns(kind, value):
                if any(self._index.quads_for_pattern(None, predicate, term, graph)):
                    return True
                if any(any(self._index.quads_for_pattern(one, predicate, term)) for one in shared):
                    return True
        return False

    def _patterns(self, kind: Iri, value: Term) -> list[tuple[Iri, Term | None]]:
        if not isinstance(value, Iri):
            return []
        if kind != sh("targetClass"):
            return [(value, None)]
        return [(TYPE, one) for one in sorted(self.standards.descendants(value), key=str)]
