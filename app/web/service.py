"""The SPARQL 1.1 Service Description of what is really offered here."""

from flask import request

from app import names
from app.releases.release import NoRelease
from app.store.terms import Iri, Literal, Triple
from app.web.formats import GRAPH_FORMATS, SOLUTION_FORMATS
from app.web.live import current_store, following
from app.web.scratch import current_scratch

DESCRIBED_GRAPHS = 2000
"""Named graphs in the service description: all of a province with its counties. The nation has some sixteen thousand, and
their names are four megabytes; ``SELECT ?g { GRAPH ?g {} }`` gives them all."""


def service() -> list[Triple]:
    """https://www.w3.org/TR/sparql11-service-description/"""
    service, dataset, graph = (
        Iri(f"{request.base_url}#{part}") for part in ("service", "dataset", "default")
    )
    kind, title = Iri(names.RDF + "type"), Iri(names.DCT + "title")

    def sd(term: str) -> Iri:
        return Iri(names.SD + term)

    languages = ["SPARQL11Query"] + (["SPARQL11Update"] if current_scratch() else [])
    triples = [
        Triple(service, kind, sd("Service")),
        Triple(service, sd("endpoint"), Iri(request.base_url)),
        *(Triple(service, sd("supportedLanguage"), sd(language_)) for language_ in languages),
        Triple(service, sd("defaultDataset"), dataset),
        Triple(service, title, Literal("政务服务标准体系查询服务", language="zh")),
        Triple(
            service, title, Literal("Query service of the government service standard system", language="en")
        ),
        Triple(dataset, kind, sd("Dataset")),
        Triple(dataset, sd("defaultGraph"), graph),
        Triple(graph, kind, sd("Graph")),
    ]
    if following().settings.services:
        triples.append(Triple(service, sd("feature"), sd("BasicFederatedQuery")))
    if following().settings.union:
        triples.append(Triple(service, sd("feature"), sd("UnionDefaultGraph")))
    formats = dict.fromkeys(one.iri for one in (*SOLUTION_FORMATS, *GRAPH_FORMATS))
    triples += [Triple(service, sd("resultFormat"), Iri(one)) for one in formats]
    for number, name in enumerate(_graph_names(), 1):
        named = Iri(f"{request.base_url}#graph-{number}")
        triples += [
            Triple(dataset, sd("namedGraph"), named),
            Triple(named, kind, sd("NamedGraph")),
            Triple(named, sd("name"), name),
        ]
    return triples


def _graph_names() -> list[Iri]:
    """The names of the dataset's graphs, as many as are described; none where nothing has been published."""
    try:
        found = current_store().select(f"SELECT ?g {{ GRAPH ?g {{}} }} LIMIT {DESCRIBED_GRAPHS}")
    except NoRelease:
        return []
    return sorted((Iri(str(row["g"])[1:-1]) for row in found), key=str)
