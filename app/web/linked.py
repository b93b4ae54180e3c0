"""Linked data: every IRI of ours leads to a page for people and to RDF for programs.

``/id/…`` and the singular paths answer 303, because what they name is no document; ``/doc/…`` is the document, in the
format Accept asks for or the suffix names.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import explanation, names, standards
from app.language import LANGUAGES, pick, text
from app.store import StoreError
from app.store.terms import Graph, Iri, Literal, Term, Triple, def_
from app.web import description, links, reports
from app.web.datasets import Dataset, codes_of, described, of_system
from app.web.description import Broken, Reference, Statement
from app.web.formats import PAGE, SUFFIXES, TRIPLE_FORMATS, Format, apart, chosen
from app.web.language import language, say
from app.web.live import NoRelease, current_release, current_store
from app.web.page import Paging, confirmed, open_to_all, page, paging
from app.web.problem import Problem
from app.web.term import term_page
from app.web.vocabulary import last_of, term_label, written
from app.web.wording import GRAPHS

REFERENCES_A_PAGE = 50
"""Of who refers to a thing, in every format: a department provides a thousand items."""

NO_PAGES = Paging(1, REFERENCES_A_PAGE, 0)

FINDINGS_SHOWN = 50

LONGEST_PATH = 4000
"""Characters of a path: four names of the length a file may have, every byte percent-encoded. No name of ours is longer,
and to look for longer ones would only cost."""

DESCRIPTION = "/void.ttl"
"""Where all datasets are described."""

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

pages = Blueprint("linked", __name__)
pages.after_request(open_to_all)


@pages.before_request
def bounded() -> None:
    """What is longer than a name can be is the name of nothing."""
    if len(request.path) > LONGEST_PATH:
        raise Problem("not-found")


# Names that lead to documents


@pages.get("/id/<path:path>")
def thing(path: str) -> BaseResponse:
    return _see_other(f"/doc/{links.raw_path().removeprefix('/id/')}")


@pages.get("/def")
def definitions() -> BaseResponse:
    return _negotiated("/ontology", "/doc/def")


@pages.get("/<any(rule, standard, finding, clause, code, question):kind>/<path:path>")
def named(kind: str, path: str) -> BaseResponse:
    raw = links.raw_path().lstrip("/")
    return _negotiated(links.address(names.BASE + raw), f"/doc/{raw}")


@pages.get("/<any(graph, inferred, report, provenance, summary):kind>/<code>/<path:path>")
def part_of_graph(kind: str, code: str, path: str) -> BaseResponse:
    """A thing of a graph, such as a file in a provenance; the graphs themselves are ``graphs.direct``."""
    raw = links.raw_path().lstrip("/")
    return _negotiated(f"/doc/{raw}", f"/doc/{raw}")


def _negotiated(human: str, doc: str) -> BaseResponse:
    """303 to the page, or to the document in the RDF format asked for."""
    form = _chosen()
    return _see_other(human if form is PAGE else f"{doc}.{form.name}")


def _see_other(address: str) -> BaseResponse:
    query = request.query_string.decode("ascii", "replace")
    path, hash_, fragment = address.partition("#")
    response = redirect(f"{path}{'?' + query if query else ''}{hash_}{fragment}", 303)
    response.vary.add("Accept")
    return response


def _chosen() -> Format:
    choice = chosen([PAGE, *TRIPLE_FORMATS], request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    return choice[0]


# Documents


@pages.get("/doc/<path:path>")
def document(path: str) -> BaseResponse:
    """What is known of a thing, in every format."""
    raw = links.raw_path().removeprefix("/doc/")
    bare, suffix = apart(raw)
    if bare == "def":
        return _whole_ontology(suffix)
    found = description.find(current_store(), bare)
    if found is None and suffix:  # a name that happens to end like a suffix
        bare, suffix = raw, ""
        found = description.find(current_store(), bare)
    if found is None:
        raise Problem("not-found")
    iri, said = found
    if bare.startswith("id/"):  # the longer way to say the same
        return _see_other(links.document(iri.value) + suffix)
    form = SUFFIXES[suffix] if suffix else _chosen()
    known = _known(iri, said)
    response = _description_page(known) if form is PAGE else _rdf(known, form)
    return _linked(response, f"/doc/{bare}", suffix, form, known)


@pages.get("/ontology/term/<path:name>")
def term(name: str) -> Response:
    bare, suffix = apart(name)
    form = SUFFIXES[suffix] if suffix else _chosen()
    iri = Iri(f"{names.DEF}{quote(bare, safe='')}")
    said = description.statements(current_store(), iri)
    if not said:
        raise Problem("not-found")
    # What refers to a class is every thing of it: that is a question for the endpoint.
    known = Known(iri, said, _datasets(one.graph for one in said))
    response = term_page(bare) if form is PAGE else _rdf(known, form)
    return _linked(response, f"/ontology/term/{iri.value.removeprefix(names.DEF)}", suffix, form, known)


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


def _known(iri: Iri, said: list[Statement]) -> Known:
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
    datasets = _datasets(one.graph for one in said or referring)
    is_cut = len(found) > len(looked_at)
    return Known(iri, said, datasets, counts, cut, referring, number, broken, is_cut)


def _datasets(graphs: Iterable[str]) -> list[Dataset]:
    release = current_release()
    return described(release, current_store(), codes_of(release, sorted(graphs)))


def _rdf(known: Known, form: Format) -> Response:
    return _sent(description.written_as(known.graph(), form), form)


def _sent(content: bytes, form: Format) -> Response:
    # With the charset: browsers in China otherwise take text/* for GBK.
    response = Response(content, content_type=f"{form.media_type}; charset=utf-8")
    response.headers["Content-Language"] = ", ".join(LANGUAGES)
    return confirmed(response)


def _whole_ontology(suffix: str) -> BaseResponse:
    form = SUFFIXES[suffix] if suffix else _chosen()
    if form is PAGE:
        return _see_other("/ontology")
    content = _sent(description.written_as(standards.load().terms, form), form)
    return of_ontology(content, "/doc/def", suffix, form)


def of_ontology(response: Response, path: str, suffix: str, form: Format) -> Response:
    """A document about the ontology or a part of it, with the headers all documents have."""
    return _linked(response, path, suffix, form, Known(Iri(names.BASE + "def"), [], [of_system("ontology")]))


def _linked(response: Response, path: str, suffix: str, form: Format, known: Known) -> Response:
    """The headers that tell a document's other forms, and what programs want to know before they read it. ``path`` has no
    suffix and is percent-encoded."""
    path = quote(path, safe="/%:@!$&'()*+,;=~-._")
    if not suffix:
        response.headers["Content-Location"] = f"{path}.{form.name}"
    response.vary.update(["Accept", "Accept-Language"])
    _link(response, path, "canonical")
    for ending, other in SUFFIXES.items():
        if other is not form:
            _link(response, f"{path}{ending}", "alternate", other.media_type)
    cut = known.paging
    for rel, number in (("prev", cut.number - 1), ("next", cut.number + 1)):
        if 1 <= number <= cut.last:
            _link(response, f"{path}{suffix}?page={number}", rel)
    return _of_datasets(response, known.datasets)


def _of_datasets(response: Response, datasets: list[Dataset]) -> Response:
    """Where the data are described, by which licence they may be used, and in whose words they are written: those of the
    ontology, and of its version where the dataset was found to conform."""
    _link(response, DESCRIPTION, "describedby", "text/turtle")
    for licence in dict.fromkeys(one.licence for one in datasets if one.licence):
        _link(response, licence, "license")
    conforming = [written(value) for one in datasets for value in one.all(names.DCT + "conformsTo")]
    for profile in dict.fromkeys([names.BASE + "def", *conforming]):
        _link(response, profile, "profile")
    return response


def _link(response: Response, target: str, rel: str, media_type: str = "") -> None:
    kind = f'; type="{media_type}"' if media_type else ""
    response.headers.add("Link", f'<{target}>; rel="{rel}"{kind}')


PAGES_OF = {
    "ontology.ontology": names.BASE + "def",
    "rulebook.rule": names.RULE + "{name}",
    "documents.standard": names.STANDARD + "{slug}",
    "documents.clause": names.CLAUSE + "{slug}/{clause}",
    "regions.region": names.BASE + "graph/{code}",
    "regions.finding": names.FINDING + "{id}",
}
"""Pages made for one kind of thing, and the things they are about."""


GRAPH = "graphs_published.direct"
"""Where a graph answers under its own name, with its triples."""


@pages.before_app_request
def look_up() -> None:
    """What is to be told of a graph is asked before the graph is: its answer holds a process of the store until it is read,
    and to ask again meanwhile could wait for ever."""
    if request.endpoint == GRAPH and request.view_args:
        with contextlib.suppress(NoRelease, StoreError):
            g.datasets = _datasets([names.graph(request.view_args["code"], request.view_args["kind"])])


@pages.after_app_request
def told(response: Response) -> Response:
    """Those pages tell, as documents do, where the same is to be had as RDF; and a graph, by which licence it may be used."""
    endpoint, args = request.endpoint or "", request.view_args or {}
    if response.status_code in (200, 304) and (endpoint in PAGES_OF or endpoint == GRAPH):
        # What is ready is not held back because the store is busy, or because nothing is published yet.
        with contextlib.suppress(NoRelease, StoreError):
            if endpoint == GRAPH:
                found = g.get("datasets", [])
            else:
                iri = Iri(PAGES_OF[endpoint].format(**{name: quote(one) for name, one in args.items()}))
                found = _datasets_of_page(iri)
                for form in TRIPLE_FORMATS:
                    address = f"{links.document(iri.value)}.{form.name}"
                    _link(response, address, "alternate", form.media_type)
            _link(response, quote(request.path), "canonical")
            _of_datasets(response, found)
    return response


def _datasets_of_page(iri: Iri) -> list[Dataset]:
    """The datasets in which the thing of such a page is described."""
    match iri.value.removeprefix(names.BASE).partition("/")[0]:
        case "def":
            return [of_system("ontology")]
        case "rule":
            return [of_system("rules")]
        case "standard" | "clause":
            return [of_system("standards")]
        case "finding":
            rows = current_store().select(explanation.REGION_OF, finding=iri)
            return _datasets(written(row["graph"]) for row in rows)
    return _datasets([iri.value])


# The page


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


def _description_page(known: Known) -> Response:
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
        title=pick(labels.get(iri.value, {}), language()) or last_of(iri.value),
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
            Row(term_label(name), links.address(name), [_value(one.value, labels) for one in _sorted(ones)])
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


def _value(value: Term, labels: dict[str, dict[str, str]]) -> Value:
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
