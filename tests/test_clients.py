"""The client researchers use, SPARQLWrapper, gets its answers from the real server in every way it can ask."""

import pytest
import SPARQLWrapper as client
from served import EX, publish, server

from app.web import Settings

QUERY = f"SELECT ?name {{ <{EX}7> <{EX}name> ?name }}"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    publish(root, "20261101T000000Z-a")
    with server(root, Settings(timeout=10, memory_mb=1024, workers=1)) as port:
        yield f"http://127.0.0.1:{port}/sparql"


def ask(endpoint, query, form, method=client.GET, sent=client.URLENCODED):
    wrapper = client.SPARQLWrapper(endpoint, returnFormat=form)
    wrapper.setQuery(query)
    wrapper.setMethod(method)
    wrapper.setRequestMethod(sent)
    return wrapper.queryAndConvert()


@pytest.mark.parametrize(
    "method,sent",
    [(client.GET, client.URLENCODED), (client.POST, client.URLENCODED), (client.POST, client.POSTDIRECTLY)],
)
def test_chinese_comes_back_whichever_way_one_asks(endpoint, method, sent):
    found = ask(endpoint, QUERY, client.JSON, method, sent)
    assert [row["name"]["value"] for row in found["results"]["bindings"]] == ["事项7"]


def test_csv(endpoint):
    assert ask(endpoint, QUERY, client.CSV).decode() == "name\r\n事项7\r\n"


@pytest.mark.parametrize("form", [client.TURTLE, client.N3, client.RDFXML, client.XML, client.JSONLD])
def test_triples_in_every_format_the_client_knows(endpoint, form):
    wrapper = client.SPARQLWrapper(endpoint, returnFormat=form)
    wrapper.setQuery(f"CONSTRUCT WHERE {{ <{EX}7> ?p ?o }}")
    with wrapper.query().response as answer:
        assert "事项7" in answer.read().decode()


def test_a_malformed_query_is_an_error_of_the_client(endpoint):
    with pytest.raises(client.SPARQLExceptions.QueryBadFormed):
        ask(endpoint, "SELECT nonsense", client.JSON)
