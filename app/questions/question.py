"""The questions of the catalogue: one ``.rq`` file each, found by its place; a SELECT, and above it in comments what it asks.

``head`` says how the comments are written. SPARQL is written without PREFIX: the prefixes of ``app.names`` are there. A file
with a key, a term or a variable nobody knows is refused, with its line: a misspelt one would be an answer that lacks
something and does not say so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from app import names
from app.ontology.facts import IN_SCHEME, NOTATION, PREF_LABEL, SOURCE, TYPE
from app.ontology.standards import Standards, digest_of
from app.ontology.standards import load as load_standards
from app.questions import head
from app.questions.head import QuestionFault, Said
from app.questions.parameter import KINDS, TODAY, Misasked, Parameter
from app.store import syntax
from app.store.terms import Graph, Index, Iri, Literal, Triple, boolean, def_, integer

LANGUAGE = "lang"
"""The variable that is always bound to the language of the answer; names and labels are looked up by it."""

CHARTS = ("bar",)

_NUMBER = re.compile(r"Q\d\d")
_PARAMETER = re.compile(r"(\w+) (\w+)(?: = (\S+)| (optional))?")
_COLUMN = re.compile(r"(\w+)(?: -> (\w+))?")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def aspect(code: str) -> Iri:
    """The concept of an aspect."""
    return Iri(names.concept("question-aspect", code))


def aspects(system: Standards) -> list[str]:
    """The codes of what a question may look at beside its layer, in the order the catalogue lists them."""
    listed = system.subjects(IN_SCHEME, Iri(f"{names.CODE}question-aspect"))
    ordered = sorted((int(system.text(one, def_("order"))), system.text(one, NOTATION)) for one in listed)
    return [code for _, code in ordered]


@dataclass(frozen=True)
class Column:
    """A column of the answer. ``names_`` is the variable whose things it names, where it is there to name them."""

    name: str
    labels: dict[str, str]
    names_: str = ""


@dataclass(frozen=True)
class Chart:
    """What a chart shows: its kind, the columns that name its marks, and that of their numbers."""

    kind: str
    of: tuple[str, ...]
    number: str


@dataclass(frozen=True)
class Question:
    """A question anybody can ask by filling in a form."""

    iri: Iri
    number: str
    titles: dict[str, str]
    explanations: dict[str, str]
    layer: str
    aspects: tuple[str, ...]
    source: Iri
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    chart: Chart | None
    select: str
    """The query as written, without head and prefixes."""
    path: Path

    @property
    def name(self) -> str:
        """The question's name as in its IRI and its file."""
        return self.iri.value.removeprefix(names.QUESTION)

    @cached_property
    def text(self) -> str:
        """The query with the prefixes it uses: what any SPARQL engine takes."""
        used = {prefix for prefix, _, _ in self._names}
        declared = [f"PREFIX {prefix}: <{iri}>" for prefix, iri in names.PREFIXES.items() if prefix in used]
        return "\n".join([*declared, "", self.select])

    @cached_property
    def about(self) -> list[Iri]:
        """The terms of the ontology it needs, in the order the query names them."""
        return list(dict.fromkeys(def_(local) for prefix, local, _ in self._names if prefix == "zwfw"))

    @cached_property
    def _names(self) -> list[tuple[str, str, int]]:
        """The prefixed names of the query: prefix, local name, and the line from 0."""
        found, _ = syntax.tokens(self.select)
        return [
            (*one.text.split(":", 1), self.select.count("\n", 0, one.start))  # type: ignore[misc]
            for one in found
            if one.kind == "name"
        ]

    def bind(self, values: Mapping[str, str], lang: str, system: Standards | None = None) -> str:
        """The query with its parameters bound: a row of VALUES made of terms that were read, nothing pasted.

        What is not given has its default. Raises ``Misasked`` with all that is wrong with the values.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        wrong: list[tuple[str, dict[str, str]]] = [
            (
                "问题 {number} 没有参数 {name}；它的参数是：{known}",
                {"number": self.number, "name": name, "known": "、".join(known) or "—"},
            )
            for name in values
            if name not in known
        ]
        terms: dict[str, str] = {}
        for parameter in self.parameters:
            try:
                found = parameter.read(values.get(parameter.name, ""), system or load_standards())
                terms |= {variable: str(term) for variable, term in found.items()}
            except Misasked as error:
                wrong += error.lines
        if wrong:
            raise Misasked(*wrong)
        if self._uses(LANGUAGE):
            terms[LANGUAGE] = str(Literal(lang))
        return syntax.filled(syntax.read(self.text), terms)

    def _uses(self, variable: str) -> bool:
        return bool(re.search(rf"[?$]{variable}\b", self.select))

    def graph(self, system: Standards) -> Iterator[Triple]:
        """The question as data, in the form of sib-swiss/sparql-examples, which editors read."""
        sh, schema = names.SH, names.SCHEMA
        yield from (
            Triple(self.iri, TYPE, kind)
            for kind in (def_("Question"), Iri(f"{sh}SPARQLExecutable"), Iri(f"{sh}SPARQLSelectExecutable"))
        )
        yield Triple(self.iri, Iri(names.DCT + "identifier"), Literal(self.number))
        yield Triple(self.iri, SOURCE, self.source)
        yield Triple(self.iri, Iri(f"{sh}prefixes"), Iri(names.BASE + "def"))
        yield Triple(self.iri, Iri(f"{sh}select"), Literal(self.text))
        layer = self._layer(system)
        yield from (
            Triple(self.iri, Iri(names.DCT + "subject"), one) for one in (layer, *map(aspect, self.aspects))
        )
        yield from (Triple(self.iri, def_("isAbout"), term) for term in self.about)
        for lang, title in self.titles.items():
            yield Triple(self.iri, PREF_LABEL, Literal(title, language=lang))
            yield Triple(self.iri, Iri(names.RDFS + "label"), Literal(title, language=lang))
            yield Triple(
                self.iri, Iri(names.RDFS + "comment"), Literal(self.explanations[lang], language=lang)
            )
            yield Triple(
                self.iri, Iri(f"{schema}keywords"), Literal(system.label(layer, lang), language=lang)
            )
            yield from (
                Triple(self.iri, Iri(f"{schema}keywords"), Literal(system.label(one, lang), language=lang))
                for one in map(aspect, self.aspects)
            )
        for order, parameter in enumerate(self.parameters):
            yield from self._parameter(parameter, order, system)

    def _layer(self, system: Standards) -> Iri:
        return next(
            one for one in system.subjects(def_("layerFolder"), Literal(self.layer)) if isinstance(one, Iri)
        )

    def _parameter(self, parameter: Parameter, order: int, system: Standards) -> Iterator[Triple]:
        """A parameter's node is its own path: SHACL takes the local name for the variable, and no property is meant."""
        sh = names.SH
        node = Iri(f"{self.iri.value}#{parameter.name}")
        yield Triple(self.iri, Iri(f"{sh}parameter"), node)
        yield Triple(node, TYPE, Iri(f"{sh}Parameter"))
        yield Triple(node, Iri(f"{sh}path"), node)
        yield Triple(node, Iri(f"{sh}order"), integer(order))
        yield Triple(node, Iri(f"{sh}optional"), boolean(not parameter.is_required))
        of_class = parameter.kind.of_class
        yield Triple(
            node, Iri(sh + ("class" if of_class else "datatype")), Iri(of_class or parameter.kind.datatype)
        )
        yield from (
            Triple(node, Iri(f"{sh}name"), Literal(label, language=lang))
            for lang, label in parameter.labels.items()
        )
        if parameter.default and parameter.default != TODAY:
            terms = list(parameter.read("", system).values())
            # A period is two days to the query and one word to who asks.
            default = terms[0] if len(terms) == 1 else Literal(parameter.default)
            yield Triple(node, Iri(f"{sh}defaultValue"), default)


class Questions:
    """All questions of a folder, by number and by name."""

    def __init__(self, folder: Path, system: Standards) -> None:
        self.system = system
        self.files = sorted(folder.glob("*.rq"))
        self.all = sorted((_read(path, system) for path in self.files), key=lambda one: one.number)
        numbers = [one.number for one in self.all]
        for one in self.all:
            if numbers.count(one.number) > 1:
                raise QuestionFault(one.path, 1, f"another question has the number {one.number}")

    def find(self, wanted: str) -> Question | None:
        """A question by name, number or IRI."""
        return next((q for q in self.all if wanted in (q.name, q.number, q.iri.value)), None)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the files."""
        return digest_of(self.files)

    @cached_property
    def graph(self) -> Graph:
        """The questions as data."""
        return {triple for one in self.all for triple in one.graph(self.system)}


def _read(path: Path, system: Standards) -> Question:
    lines = path.read_text("utf-8").splitlines()
    said, length = head.read(path, lines)
    one = {key: said[key][0] for key in head.KEYS}
    if not _NUMBER.fullmatch(one["number"].value):
        raise QuestionFault(path, one["number"].line, "a number is Q and two digits")
    parameters = tuple(_parameter(path, each) for each in said.get("parameter", ()))
    columns = tuple(_column(path, each) for each in said["column"])
    layer, aspects = _groups(path, one["group"], system)
    question = Question(
        iri=Iri(names.QUESTION + path.stem),
        number=one["number"].value,
        titles={"zh": one["title"].value, "en": one["title en"].value},
        explanations={"zh": one["explains"].value, "en": one["explains en"].value},
        layer=layer,
        aspects=aspects,
        source=_source(path, one["source"], system),
        parameters=parameters,
        columns=columns,
        chart=_chart(path, said["chart"][0], columns) if "chart" in said else None,
        select="\n".join(lines[length:]).strip() + "\n",
        path=path,
    )
    _vet(question, length + 1, system)
    return question


def _parameter(path: Path, said: Said) -> Parameter:
    what, labels = head.labels(path, said)
    found = _PARAMETER.fullmatch(what)
    if found is None or found[2] not in KINDS:
        kinds = ", ".join(KINDS)
        raise QuestionFault(
            path, said.line, f"expected NAME KIND [= DEFAULT | optional], the kind one of {kinds}"
        )
    return Parameter(found[1], KINDS[found[2]], labels, found[3] or "", not (found[3] or found[4]))


def _column(path: Path, said: Said) -> Column:
    what, labels = head.labels(path, said)
    found = _COLUMN.fullmatch(what)
    if found is None:
        raise QuestionFault(path, said.line, "expected a variable, or VARIABLE -> THING that it names")
    return Column(found[1], labels, found[2] or "")


def _groups(path: Path, said: Said, system: Standards) -> tuple[str, tuple[str, ...]]:
    words = said.value.split()
    if not words or not system.subjects(def_("layerFolder"), Literal(words[0])):
        raise QuestionFault(
            path, said.line, "expected a layer first: support, exchange, item, platform or user"
        )
    known = aspects(system)
    if not words[1:] or not set(words[1:]) <= set(known):
        raise QuestionFault(path, said.line, f"expected after the layer some of {', '.join(known)}")
    return words[0], tuple(words[1:])


def _source(path: Path, said: Said, system: Standards) -> Iri:
    prefix, _, local = said.value.partition(":")
    node = (
        Iri(names.PREFIXES.get(prefix, "") + local.replace("\\", ""))
        if prefix in ("clause", "standard")
        else None
    )
    if node is None or node not in system.about:
        raise QuestionFault(
            path, said.line, "expected a clause or a standard of ontology/, such as clause:SCO-716/7"
        )
    return node


def _chart(path: Path, said: Said, columns: tuple[Column, ...]) -> Chart:
    words, known = said.value.split(), {column.name for column in columns}
    if len(words) < 3 or words[0] not in CHARTS or not set(words[1:]) <= known:
        raise QuestionFault(
            path, said.line, f"expected one of {', '.join(CHARTS)}, columns of names, a column of numbers"
        )
    return Chart(words[0], tuple(words[1:-1]), words[-1])


def _vet(question: Question, line: int, system: Standards) -> None:
    """Refuse a query that is no SELECT in an order, or names what is not there."""
    path, bare = question.path, _COMMENT.sub("", question.select)
    for prefix, local, at in question._names:
        if prefix not in names.PREFIXES or (prefix == "zwfw" and def_(local) not in system.about):
            raise QuestionFault(path, line + at, f"no such term: {prefix}:{local}")
    try:
        solutions = Index().query(question.text)
    except SyntaxError as error:
        place = re.search(r"at (\d+):", str(error))
        before = question.text.count("\n") - question.select.count("\n") + 1
        at = int(place[1]) - before if place else 0
        raise QuestionFault(path, line + max(at, 0), str(error)) from error
    variables = [variable.value for variable in getattr(solutions, "variables", ())]
    columns = [column.name for column in question.columns]
    if not variables or "ORDER BY" not in bare:
        raise QuestionFault(
            path, line, "expected a SELECT with ORDER BY, so that its answer is the same each time"
        )
    if variables != columns:
        raise QuestionFault(
            path, line, f"columns are {', '.join(columns)}; the query gives {', '.join(variables)}"
        )
    for column in question.columns:
        if column.names_ and column.names_ not in columns:
            raise QuestionFault(
                path, line, f"column {column.name} names ?{column.names_}, which is no column"
            )
    for parameter in question.parameters:
        for variable in parameter.kind.variables(parameter.name):
            if not question._uses(variable):
                raise QuestionFault(path, line, f"the query does not use ?{variable}")


@cache
def load() -> Questions:
    """The questions that come with the software."""
    return Questions(Path(__file__).parent, load_standards())
