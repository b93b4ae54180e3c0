"""What a release says of one thing: its statements with their graphs, who refers to it, and names for all of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app import names
from app.checking import rules
from app.ontology import standards
from app.ontology.facts import Facts
from app.store import Store
from app.store.terms import (
    BlankNode,
    Graph,
    Iri,
    Literal,
    Node,
    RdfFormat,
    Term,
    Triple,
    canonical,
    ntriples,
    serialize,
    turtle,
)
from app.web import links
from app.web.formats import Format
from app.web.vocabulary import labels as system_labels
from app.web.vocabulary import written

NAMES = (
    names.SKOS + "prefLabel",
    names.DEF + "name",
    names.DCT + "title",
    names.RDFS + "label",
)
"""The properties that name a thing, the preferred first."""

FOCUS = names.SH + "focusNode"

REFERENCES_COUNTED = 10_000
"""How many triples that end at a thing are looked at. Few things have more: a code that every item of the nation has, a
class; to count or to sort those would take seconds at every request."""

LABELS_AT_ONCE = 400
"""Things whose names one query asks for; more would make a text of some hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple about the thing, and the graph it stands in."""

    property: Iri
    value: Term
    graph: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A triple that ends at the thing."""

    subject: str
    property: str
    graph: str


def find(store: Store, path: str) -> tuple[Iri, list[Statement]] | None:
    """The thing a path below ``/doc/`` stands for and what is said of it; None when nothing is known of it."""
    spelled = [Iri(iri) for iri in links.spellings(path)]
    if spelled and (said := statements(store, spelled[0])):
        return spelled[0], said
    if not spelled:
        return None
    # The other spellings, and what is only referred to, by one query: a stranger may ask for any number of such names.
    query = f"""SELECT ?thing WHERE {{
      VALUES ?thing {{ {" ".join(f"<{iri.value}>" for iri in spelled)} }}
      FILTER (EXISTS {{ ?thing ?property ?value }} || EXISTS {{ ?subject ?link ?thing }})
    }}"""
    known = {row["thing"] for row in store.select(query)}
    found = [(iri, statements(store, iri)) for iri in spelled if iri in known]
    return next((one for one in found if one[1]), found[0] if found else None)


def statements(store: Store, thing: Iri) -> list[Statement]:
    """The triples with this subject, from all graphs.

    What only turns round a link that ends here is left to ``references``: a department provides a thousand items.
    """
    query = "SELECT ?graph ?property ?value WHERE { GRAPH ?graph { ?thing ?property ?value } }"
    turned = standards.load().upward
    return sorted(
        (
            Statement(row["property"], row["value"], written(row["graph"]))
            for row in store.select(query, thing=thing)
            if isinstance(row["property"], Iri) and row["property"] not in turned
        ),
        key=lambda one: (one.property.value, str(one.value)),
    )


STATED = f'FILTER (!STRSTARTS(STR(?graph), "{names.BASE}inferred/") && !ISBLANK(?subject))'
"""What refers to a thing is what states so: not again what is above it, nor a blank node, which has no page."""


def references(store: Store, thing: Iri) -> list[Reference]:
    """The triples that end at the thing, by property and subject; one more than ``REFERENCES_COUNTED`` where there are more. A release never changes,
    so these are the same ones every time; sorting them here takes a tenth of what the store takes for it."""
    query = f"""SELECT ?graph ?subject ?property WHERE {{
      GRAPH ?graph {{ ?subject ?property ?thing }} {STATED}
    }} LIMIT {REFERENCES_COUNTED + 1}"""
    rows = store.select(query, thing=thing)
    found = (Reference(*(written(row[name]) for name in ("subject", "property", "graph"))) for row in rows)
    return sorted(found, key=lambda one: (one.property, one.subject, one.graph))


@dataclass(frozen=True, slots=True)
class Broken:
    """A finding about the thing: its identifier and the rule."""

    id: str
    rule: str


def findings(store: Store, thing: Iri, limit: int) -> list[Broken]:
    """Some of the findings about the thing."""
    query = f"""SELECT ?finding ?rule WHERE {{
      ?finding <{FOCUS}> ?thing ; <{names.DEF}breaksRule> ?rule
    }} ORDER BY ?rule ?finding LIMIT {limit}"""
    rows = store.select(query, thing=thing)
    return [Broken(written(row["finding"]).removeprefix(names.FINDING), written(row["rule"])) for row in rows]


def labels(store: Store, things: Iterable[str]) -> dict[str, dict[str, str]]:
    """The names of things by language. What belongs to the standard system is known without asking."""
    found: dict[str, dict[str, str]] = {}
    unknown = []
    for iri in dict.fromkeys(things):
        if said := system_labels(iri):
            found[iri] = said
        elif iri.startswith(names.BASE) and names.is_safe_iri(iri):
            unknown.append(iri)
    for start in range(0, len(unknown), LABELS_AT_ONCE):
        some = " ".join(f"<{iri}>" for iri in unknown[start : start + LABELS_AT_ONCE])
        query = f"""SELECT ?thing ?property ?name WHERE {{
          VALUES ?thing {{ {some} }} VALUES ?property {{ {" ".join(f"<{name}>" for name in NAMES)} }}
          ?thing ?property ?name
        }}"""
        rows = store.select(query)
        for row in sorted(rows, key=lambda row: NAMES.index(written(row["property"])), reverse=True):
            name = row["name"]
            if isinstance(name, Literal):
                found.setdefault(written(row["thing"]), {})[(name.language or "")[:2]] = name.value
    return found


# RDF


def incoming(thing: Iri, referring: Iterable[Reference], broken: Iterable[Broken]) -> Graph:
    """Who refers to the thing, and which findings are about it, as triples."""
    triples = {Triple(Iri(one.subject), Iri(one.property), thing) for one in referring}
    for one in broken:
        finding = Iri(names.FINDING + one.id)
        triples |= {
            Triple(finding, Iri(FOCUS), thing),
            Triple(finding, Iri(names.DEF + "breaksRule"), Iri(one.rule)),
        }
    return triples


def graph(store: Store, thing: Iri, said: list[Statement], coming: Graph | None = None) -> Graph:
    """The description as triples: all that is said of the thing, who refers to it (``coming``), and the names of all of
    them.

    Blank nodes stand in the standard system only. A store gives them no name to ask by, so what hangs on them comes
    from the files the release was made from.
    """
    triples = {Triple(thing, one.property, one.value) for one in said if not isinstance(one.value, BlankNode)}
    if len(triples) < len(said):
        triples |= _with_blank_nodes(_system_facts(thing), thing)
    triples |= coming or set()
    linked = {node for t in triples for node in (t.subject, t.object) if isinstance(node, Iri)}
    others = {node.value for node in linked} - {thing.value}
    for iri, named in labels(store, sorted(others)).items():
        label = Iri(names.RDFS + "label")
        triples |= {Triple(Iri(iri), label, _text(text, lang)) for lang, text in named.items()}
    return triples


def _text(text: str, lang: str) -> Literal:
    return Literal(text, language=lang) if lang else Literal(text)


def _system_facts(thing: Iri) -> Facts:
    rule = rules.load().find(names.RULE + thing.value.removeprefix(names.RULE).partition(".")[0])
    return Facts(rule.graph) if rule else standards.load()


def _with_blank_nodes(facts: Facts, node: Node) -> Graph:
    found: Graph = set()
    open_, seen = [node], {node}
    while open_:
        for triple in facts.about.get(open_.pop(), ()):
            found.add(triple)
            if isinstance(triple.object, BlankNode) and triple.object not in seen:
                seen.add(triple.object)
                open_.append(triple.object)
    return found


def written_as(triples: Graph, form: Format) -> bytes:
    """Triples in one of ``formats.GRAPH_FORMATS``: equal graphs give equal bytes, whatever their blank nodes are called."""
    if any(isinstance(node, BlankNode) for triple in triples for node in (triple.subject, triple.object)):
        triples = canonical(triples)
    if form.name == "ttl":
        return turtle(triples)
    if form.name == "nt":
        return ntriples(triples)
    rdf = RdfFormat.from_media_type(form.media_type)
    assert rdf is not None
    ordered = sorted(triples, key=str)
    return serialize(ordered, format=rdf, prefixes=names.PREFIXES) or b""
