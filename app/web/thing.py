"""A thing: what is known of it, in whatever format it is told, and its page."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import Response

from app import names
from app.language import LANGUAGES, pick, text
from app.ontology import standards
from app.store.terms import Graph, Iri, Literal, Term, Triple, def_
from app.web import description, links, reports
from app.web.datasets import Dataset, codes_of, described
from app.web.description import Broken, Reference, Statement
from app.web.formats import PAGE, SUFFIXES
from app.web.language import capital, language, say
from app.web.live import current_release, current_store
from app.web.page import Paging, page, paging
from app.web.vocabulary import last_of, term_label, written
from app.web.wording import GRAPHS

REFERENCES_A_PAGE = 50
"""Of who refers to a thing, in every format: a department provides a thousand items."""

NO_PAGES = Paging(1, REFERENCES_A_PAGE, 0)

FINDINGS_SHOWN = 50

TYPE = names.RDF + "type"
CONFIRMATION = names.DEF + "confirmation"

FIGURES = (names.VOID + "classPartition", names.VOID + "propertyPartition")
"""Of a dataset: a node for each class and property it uses. They are read from the catalogue, not from a page."""

NAMING = (
    *description.NAMES,
    names.SKOS + "altLabel",
    names.SKOS + "definition",
    names.DCT + "description",
    names.RDFS + "comment",
    names.SKOS + "notation",
    names.DCT + "identifier",
)
"""What says what a thing is and is called, in this order; shown first."""


@dataclass(frozen=True)
class Known:
    """What a document tells of a thing, in whatever format."""

    iri: Iri
    said: list[Statement]
    datasets: list[Dataset]
    """Those its statements stand in."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many refer to it, by property."""
    paging: Paging = NO_PAGES
    referring: list[Reference] = field(default_factory=list)
    """Those on this page of the document."""
    findings_in_all: int = 0
    findings: list[Broken] = field(default_factory=list)
    is_cut: bool = False
    """Whether more refer to it than are looked at."""

    @property
    def document(self) -> Iri:
        """The IRI of the document, whatever host it is read from."""
        return Iri(names.BASE.rstrip("/") + links.document(self.iri.value))

    def graph(self) -> Graph:
        """The document as triples: it says of itself what it is about and from which datasets, and these whether they are
        made up and by which licence they may be used."""
        coming = description.incoming(self.iri, self.referring, self.findings)
        said = description.graph(current_store(), self.iri, self.said, coming)
        about = {
            Triple(self.iri, Iri(names.FOAF + "isPrimaryTopicOf"), self.document),
            Triple(self.document, Iri(TYPE), Iri(names.FOAF + "Document")),
            Triple(self.document, Iri(names.FOAF + "primaryTopic"), self.iri),
        }
        for one in self.datasets:
            about.add(Triple(self.document, Iri(names.VOID + "inDataset"), one.iri))
            about |= one.briefly()
        for lang in LANGUAGES if self.paging.last > 1 or self.is_cut else ():
            comment = Iri(names.RDFS + "comment")
            about.add(Triple(self.document, comment, Literal(self._bounds(lang), language=lang)))
        return said | about

    def _bounds(self, lang: str) -> str:
        cut = self.paging
        if self.is_cut:
            said = text("指向它的不止 {n} 处，这里只列出这么多；其余请用 SPARQL 查询。", lang, n=cut.total)
        else:
            said = text("指向它的共 {n} 处。", lang, n=cut.total)
        last, number = cut.last, cut.number
        return said + text("本文档是第 {number} 页，共 {last} 页（?page=）。", lang, number=number, last=last)


def known_of(iri: Iri, said: list[Statement]) -> Known:
    """A thing with what refers to it, by a fixed number of queries whatever there is."""
    store = current_store()
    found = description.references(store, iri)
    looked_at = found[: description.REFERENCES_COUNTED]
    referring = [one for one in looked_at if one.property != description.FOCUS]
    number = len(looked_at) - len(referring)  # findings about it: they are shown apart
    counts = Counter(one.property for one in referring)
    cut = paging(REFERENCES_A_PAGE, len(referring))
    referring = referring[cut.start : cut.stop]
    broken = description.findings(store, iri, FINDINGS_SHOWN) if number else []
    datasets = datasets_in(one.graph for one in said or referring)
    is_cut = len(found) > len(looked_at)
    return Known(iri, said, datasets, counts, cut, referring, number, broken, is_cut)


def datasets_in(graphs: Iterable[str]) -> list[Dataset]:
    release = current_release()
    return described(release, current_store(), codes_of(release, sorted(graphs)))


# Its page


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the page shows it."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A property with its values."""

    label: str
    href: str
    values: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Incoming:
    """Who refers to the thing."""

    text: str
    href: str
    label: str
    synthetic: bool


def thing_page(known: Known) -> Response:
    iri, said = known.iri, known.said
    mentioned = [written(one.value) for one in said if isinstance(one.value, Iri)]
    subjects = [one.subject for one in known.referring]
    labels = description.labels(current_store(), [iri.value, *mentioned, *subjects])
    graphs = sorted({one.graph for one in said})
    # Stated types before inferred ones.
    typed = sorted(
        (one for one in said if one.property.value == TYPE), key=lambda one: "/inferred/" in one.graph
    )
    types = dict.fromkeys(written(one.value) for one in typed if _is_shown(one))
    incoming = [_incoming(one, labels) for one in known.referring]
    return page(
        "doc.html",
        iri=iri.value,
        title=capital(pick(labels.get(iri.value, {}), language())) or last_of(iri.value),
        types=[(term_label(one), links.address(one)) for one in types],
        confirmation=next((written(one.value) for one in said if one.property.value == CONFIRMATION), ""),
        groups=_groups(said, labels),
        incoming=incoming,
        counts=[
            (term_label(prop), amount)
            for prop, amount in sorted(known.counts.items(), key=lambda one: (-one[1], one[0]))
        ],
        paging=known.paging,
        is_cut=known.is_cut,
        findings=[(one.id, term_label(one.rule)) for one in known.findings],
        findings_in_all=known.findings_in_all,
        graphs=[(one, _graph_label(one), links.address(one)) for one in graphs],
        synthetic=any(_is_synthetic(one) for one in graphs),
        partly_synthetic=any(one.synthetic for one in incoming),
        doc=links.document(iri.value),
        formats=[(ending, one.title) for ending, one in SUFFIXES.items() if one is not PAGE],
    )


def _groups(said: list[Statement], labels: dict[str, dict[str, str]]) -> list[tuple[str, list[Row]]]:
    """The statements in the order a reader asks: what it is, what it is tied to, what it says, what was computed."""
    derived = {term.value for term in standards.load().derived}
    by_property: dict[str, list[Statement]] = {}
    for one in said:
        if one.property.value not in (TYPE, CONFIRMATION) and _is_shown(one):  # those two stand by the title
            by_property.setdefault(one.property.value, []).append(one)
    groups: dict[str, list[Row]] = {"名称与说明": [], "关联": [], "内容": [], "推导所得": []}
    order = {name: number for number, name in enumerate(NAMING)}
    for name in sorted(by_property, key=lambda name: (order.get(name, len(order)), term_label(name))):
        ones = by_property[name]
        if name in order:
            group = "名称与说明"
        elif name in derived or all("/inferred/" in one.graph for one in ones):
            group = "推导所得"
        else:
            group = "关联" if any(isinstance(one.value, Iri) for one in ones) else "内容"
        groups[group].append(
            Row(term_label(name), links.address(name), [value_of(one.value, labels) for one in _sorted(ones)])
        )
    return [(title, rows) for title, rows in groups.items() if rows]


def _is_shown(one: Statement) -> bool:
    """Whether a page needs it: what follows in the words of other vocabularies is for programs."""
    if one.property.value in FIGURES:
        return False
    word = one.value if one.property.value == TYPE else one.property
    return "/inferred/" not in one.graph or written(word).startswith(names.DEF)


def _sorted(ones: list[Statement]) -> list[Statement]:
    """Values in a list's own order where it has one, texts in the reader's language first."""
    system = standards.load()

    def place(one: Statement) -> tuple[int, bool, str]:
        order = system.text(one.value, def_("order")) if isinstance(one.value, Iri) else ""
        lang = one.value.language if isinstance(one.value, Literal) else None
        return int(order or 0), lang not in (None, language()), str(one.value)

    return sorted(ones, key=place)


def value_of(value: Term, labels: Mapping[str, dict[str, str]]) -> Value:
    """A value in the reader's words: a thing by its name among ``labels``, else by the readable end of its IRI."""
    if isinstance(value, Iri):
        name = pick(labels.get(value.value, {}), language())
        ours = value.value.startswith(names.BASE)
        code = last_of(value.value) if value.value.startswith(names.CODE) and name else ""
        shown = name or term_label(value.value)
        if shown == value.value and ours:
            shown = last_of(value.value)
        return Value(shown, links.address(value.value), note=code)
    if isinstance(value, Literal):
        if value.datatype.value == names.XSD + "boolean":
            return Value(say("是") if value.value == "true" else say("否"))
        href = value.value if value.value.startswith(("http://", "https://")) else ""
        if value.datatype.value != names.XSD + "anyURI" and " " in value.value:
            href = ""
        return Value(value.value, href, lang=value.language or "")
    return Value(say("（复合值，见 RDF 格式）"))


def _incoming(one: Reference, labels: dict[str, dict[str, str]]) -> Incoming:
    text = pick(labels.get(one.subject, {}), language()) or last_of(one.subject)
    return Incoming(text, links.address(one.subject), term_label(one.property), _is_synthetic(one.graph))


def _code(graph: str) -> tuple[str, str]:
    kind, _, code = graph.removeprefix(names.BASE).partition("/")
    return kind, code


def _is_synthetic(graph: str) -> bool:
    """Whether a graph holds something of a region whose data are made up."""
    entry = current_release().regions.get(_code(graph)[1])
    return entry is not None and reports.is_synthetic(entry)


def _graph_label(graph: str) -> str:
    kind, code = _code(graph)
    entry = current_release().regions.get(code)
    what = say(GRAPHS.get(kind, "数据"))
    if entry is None:
        whole = say(GRAPHS.get(code, "数据"))
        return whole if kind == "graph" else f"{whole} · {what}"
    return f"{pick(entry['title'], language())} · {what}"
