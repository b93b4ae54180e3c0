"""Search: what a text finds, that any text is answered, and that a publication changes the rows of its graphs only."""

import datetime
import json
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import client_of, publish, publish_regions

from app import doctor, names, search
from app.checking import rules
from app.ontology import standards
from app.publishing.publication import Publisher
from app.releases.release import CURRENT, Release, Releases
from app.search import LONGEST_QUERY, Search, Unsearchable, findable, writing
from app.search.findable import KINDS, rows_of
from app.web import Settings
from app.web.about import described
from app.web.search import A_PAGE, CALLED

DATA = names.resources("data")
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
CODE = "11370600999000013N3000101001000"


def current(root: Path) -> Release:
    release = Releases(root).current()
    assert release is not None
    return release


def rows(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """The rows of a search file by graph, with all their tokens; without the numbers SQLite gives them."""
    found: dict[str, set[tuple[object, ...]]] = {}
    with sqlite3.connect(path) as file:
        for graph, *row in file.execute(
            "SELECT graph, iri, kind, codes, past, said, plain, written, spoken FROM thing"
            " JOIN wording ON wording.id = wording JOIN words ON words.rowid = wording.id"
        ):
            found.setdefault(graph, set()).add(tuple(row))
    file.close()
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nation, its synthetic catalogue, and the synthetic region of Yantai."""
    return publish_regions(tmp_path_factory.mktemp("search"), "370600")


@pytest.fixture(scope="module")
def path(root: Path) -> Path:
    return current(root).path / search.FILE


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[FlaskClient]:
    with client_of(root, Settings(workers=1)) as made:
        yield made


# What is found


@pytest.mark.parametrize(
    "query, kind, label",
    [
        # Chinese of any length, wherever it stands in the name
        ("食品经营许可", "item", "食品经营许可"),
        ("食品经营", "item", "食品经营许可"),
        ("品经", "item", "食品经营许可"),
        ("食", "item", "食品经营许可"),
        ("诊", "item", "动物诊疗许可"),
        ("经营 食品", "item", "食品经营许可"),
        ("食品\u3000经营！", "item", "食品经营许可"),
        ("办事指南", "term", "办事指南"),
        ("我要办理食品经营许可证需要什么材料", "item", "食品经营许可"),
        # pinyin and initials, from any syllable on
        ("shipinjingyingxuke", "item", "食品经营许可"),
        ("ShiPinJing", "item", "食品经营许可"),
        ("shi pin jing", "item", "食品经营许可"),
        ("jingyingxuke", "item", "食品经营许可"),
        ("spjyxk", "item", "食品经营许可"),
        ("jyxk", "item", "食品经营许可"),
        ("yantai", "region", "烟台市"),
        ("yts", "region", "鹰潭市"),
        # codes, as they are written and as they are said
        (CODE, "item", "食品经营许可"),
        (CODE.lower(), "item", "食品经营许可"),
        ("000101001000", "item", "食品经营许可"),
        ("000101001", "item", "食品经营许可"),
        ("11370600999000013N", "department", "市场监督管理局（合成）"),
        ("370600", "region", "烟台市"),
        ("３７０６００", "region", "烟台市"),
        ("GB/T 39554.1—2020", "standard", None),
        ("gbt39554.1", "standard", None),
        ("39554", "standard", None),
        ("国办函〔2016〕108号", "standard", "“互联网+政务服务”技术体系建设指南"),
        ("R21.1", "rule", "办事指南要素缺失四类及以上"),
        ("r21.1", "rule", "办事指南要素缺失四类及以上"),
        ("Q21", "question", "哪些差评没有在 15 个工作日内完成整改？"),
        ("promisedTimeLimit", "term", "承诺办结时限"),
        # each kind by its name
        ("市场监督管理局", "department", "市场监督管理局（合成）"),
        ("烟台", "region", "烟台市"),
        ("政务服务事项", "term", "政务服务事项"),
        ("实施主体", "term", None),
        ("差评没有在", "question", "哪些差评没有在 15 个工作日内完成整改？"),
        ("基本编码与实施编码的编码要求", "clause", "基本编码与实施编码的编码要求"),
        ("行政许可", "code", "行政许可"),
        # English
        ("implemented item", "term", "实施清单事项"),
        ("bad ratings", "question", None),
    ],
)
def test_the_first_hit(path: Path, query: str, kind: str, label: str | None) -> None:
    with Search(path) as opened:
        first = opened.ask(query).hits[0]
    assert first.kind == kind
    if label is not None:
        assert first.labels["zh"] == label


@pytest.mark.parametrize("query", ["", " ", "！？。", '"', "*", "()", "\x00", "\ud800", "龘靐齉", "qqqq"])
def test_what_there_is_not_is_not_found(path: Path, query: str) -> None:
    with Search(path) as opened:
        answer = opened.ask(query)
    assert (answer.total, answer.hits, answer.is_loose) == (0, [], False)


def test_a_region_in_force_comes_before_one_that_is_no_more(path: Path) -> None:
    with Search(path) as opened:
        hits = opened.ask("烟台市", "region").hits
    assert [hit.is_past for hit in hits[:2]] == [False, True]
    assert hits[0].code == "370600"


def test_kinds_are_counted_and_can_be_chosen(path: Path) -> None:
    with Search(path) as opened:
        everything, items = opened.ask("许可"), opened.ask("许可", "item")
        assert everything.counts == items.counts
        assert len(everything.hits) == everything.total == sum(everything.counts.values())
        assert len(items.hits) == items.counts["item"] < everything.total
        assert {hit.kind for hit in items.hits} == {"item"}
        paged = [
            hit for start in range(0, everything.total, 7) for hit in opened.ask("许可", "", start, 7).hits
        ]
    assert paged == everything.hits


def test_nothing_that_has_it_all_gives_what_has_some_and_says_so(path: Path) -> None:
    with Search(path) as opened:
        assert not opened.ask("食品经营许可").is_loose
        some = opened.ask("食品经营许可快办")
    assert some.is_loose
    assert some.hits[0].labels["zh"] == "食品经营许可"


@pytest.fixture(scope="module")
def opened(path: Path) -> Iterator[Search]:
    with Search(path) as made:
        yield made


@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ['"', "*", "AND", "OR", "NOT", "NEAR(", "(", ")", "written:", "^", "食品", "-", "a"]
            )
        ).map(" ".join),
    )
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered(opened: Search, query: str) -> None:
    answer = opened.ask(query, limit=5)
    assert len(answer.hits) == min(5, answer.total)


@pytest.mark.parametrize("character", ["\ufdfa", "a ", "办 ", "办a", "\U0002ceb0", "1 ", "é"])
def test_the_longest_queries_are_answered(opened: Search, character: str) -> None:
    answer = opened.ask(character * LONGEST_QUERY, limit=5)
    assert len(answer.hits) == min(5, answer.total)


def test_a_query_longer_than_any_name_is_cut(opened: Search) -> None:
    longer = "食品经营许可" + " " * LONGEST_QUERY + "没有"
    assert opened.ask(longer) == opened.ask("食品经营许可")


def test_every_kind_is_there_and_has_a_name(path: Path) -> None:
    with sqlite3.connect(path) as file:
        there = {KINDS[kind] for (kind,) in file.execute("SELECT DISTINCT kind FROM thing")}
    file.close()
    assert there == set(KINDS) == set(CALLED)


def test_an_executable_with_a_label_is_a_question(tmp_path: Path) -> None:
    import gzip

    lines = [
        f"<{names.QUESTION}some> <{names.RDF}type> <{names.SH}SPARQLSelectExecutable> .",
        f'<{names.QUESTION}some> <{names.SKOS}prefLabel> "哪些事项"@zh .',
        f"<{names.QUESTION}unnamed> <{names.RDF}type> <{names.SH}SPARQLExecutable> .",
    ]
    dump = tmp_path / "questions.nt.gz"
    dump.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    (row,) = rows_of(("questions", dump), standards.load(), rules.load())
    assert (row.iri, KINDS[row.kind], row.codes) == ("question/some", "question", "some")


# A file that cannot be asked


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_a_file_that_is_none_is_unsearchable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / search.FILE
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unsearchable):
        Search(path)
    assert not search.is_whole(path)


def test_a_file_of_another_form_is_unsearchable_and_not_built_upon(path: Path, tmp_path: Path) -> None:
    other, later = tmp_path / "other.sqlite", tmp_path / "later.sqlite"
    shutil.copyfile(path, other)
    with sqlite3.connect(other) as file:
        file.execute("UPDATE made SET by = 'another'")
    file.close()
    with pytest.raises(Unsearchable):
        Search(other)
    with writing(later, other) as made:
        assert made.is_new
    assert rows(later) == {}


def test_a_full_disk_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError), writing(tmp_path / "no" / search.FILE, None):
        pass


# Publishing


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root, tmp_path / "root", symlinks=True)
    return tmp_path / "root"


def publishing(root: Path) -> Publisher:
    return Publisher(root, standards.load(), rules.load(), datetime.date.today(), lambda _: None)


def test_a_publication_copies_the_file_and_changes_its_regions_rows_only(copy: Path) -> None:
    before = current(copy).path / search.FILE
    old, folder = rows(before), copy.parent / "370600"
    shutil.copytree(DATA / "370600", folder)
    table = folder / "ImplementedItem.csv"
    table.write_text(table.read_text("utf-8").replace("公共场所卫生许可,", "公共场所卫生核准,", 1), "utf-8")
    publishing(copy).publish([folder])
    after = current(copy).path / search.FILE
    assert after != before
    assert {path.stat().st_nlink for path in (before, after)} == {1}
    assert rows(before) == old
    new = rows(after)
    assert {graph for graph in old | new if old.get(graph) != new.get(graph)} == {"370600"}
    (gone,), (come,) = old["370600"] - new["370600"], new["370600"] - old["370600"]
    assert gone[0] == come[0]
    with Search(after) as opened:
        assert opened.ask("卫生核准").hits[0].labels["zh"] == "公共场所卫生核准"
        assert {hit.graph for hit in opened.ask("公共场所卫生许可", "item").hits} == {"000000-sample"}


def test_the_same_again_gives_the_same_rows_and_so_does_beginning_anew(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = current(copy).path / search.FILE
    publishing(copy).publish([DATA / "370600"])
    second = current(copy).path / search.FILE
    assert second != first
    assert second.read_bytes() == first.read_bytes()
    second.unlink()
    monkeypatch.setattr(findable, "AT_ONCE", 2)
    publishing(copy).publish([])
    third = current(copy).path / search.FILE
    assert third != second
    assert rows(third) == rows(first)


def test_what_is_withdrawn_is_not_found(copy: Path) -> None:
    before = rows(current(copy).path / search.FILE)
    publishing(copy).publish([], withdrawn=["370600"])
    path = current(copy).path / search.FILE
    assert rows(path) == {graph: some for graph, some in before.items() if graph != "370600"}
    with Search(path) as opened:
        assert opened.ask(CODE).total == 0
        assert opened.ask("公共场所卫生许可", "item").counts == {"item": 1}
    file = sqlite3.connect(path)
    for table, of in (
        ("code", "SELECT thing FROM code EXCEPT SELECT id FROM thing"),
        ("wording", "SELECT id FROM wording EXCEPT SELECT wording FROM thing"),
    ):
        assert file.execute(of).fetchall() == [], table
    file.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    file.close()


def test_the_doctor_sees_whether_a_release_can_be_searched(copy: Path) -> None:
    def said() -> list[tuple[bool, str]]:
        return [(one.is_well, one.said) for one in doctor.examine(copy, "zh") if "检索" in one.said]

    (well,) = said()
    assert well[0]
    path = current(copy).path / search.FILE
    whole = path.read_bytes()
    for content in (None, b"", whole[: len(whole) // 2], whole[:4096] + b"\xff" * 40960 + whole[45056:]):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        (ill,) = said()
        assert not ill[0]
        assert "zwfw publish" in ill[1]
    publishing(copy).publish([])
    (well,) = said()
    assert well[0]


# Pages


def test_the_page_links_what_was_found_and_says_what_is_made_up(client: FlaskClient) -> None:
    text = client.get("/search?q=" + quote("食品经营许可")).get_data(as_text=True)
    address = f"/doc/370600/ImplementedItem/{CODE}"
    assert f'href="{address}"' in text
    assert client.get(address).status_code == 200
    assert "合成数据" in text
    assert "烟台市" in text
    assert 'href="/search?q=%E9%A3%9F%E5%93%81%E7%BB%8F%E8%90%A5%E8%AE%B8%E5%8F%AF&amp;kind=item"' in text


@pytest.mark.parametrize(
    "kind, query",
    [
        ("item", "许可"),
        ("department", "局"),
        ("region", "市"),
        ("standard", "政务服务"),
        ("clause", "编码"),
        ("rule", "编码"),
        ("question", "哪些"),
        ("term", "编码"),
        ("code", "许可"),
    ],
)
def test_what_was_found_has_a_page(client: FlaskClient, kind: str, query: str) -> None:
    found = client.get("/search.json", query_string={"q": query, "kind": kind}).json["results"]
    assert {one["kind"] for one in found} == {kind}
    answer = client.get(found[0]["page"], headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert found[0]["label"]["zh"] in answer.get_data(as_text=True)


def test_the_same_is_there_as_json(client: FlaskClient) -> None:
    answer = client.get("/search.json?q=spjyxk&kind=item")
    assert answer.content_type == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    found = json.loads(answer.get_data(as_text=True))
    assert (found["total"], found["pages"], found["partial"], found["searchable"]) == (2, 1, False, True)
    assert found["results"][1] == {
        "iri": names.thing("370600", "ImplementedItem", CODE),
        "page": f"/doc/370600/ImplementedItem/{CODE}",
        "kind": "item",
        "label": {"zh": "食品经营许可"},
        "code": CODE,
        "graph": names.graph("370600"),
        "where": ["烟台市"],
        "dataStatus": "synthetic",
        "isPast": False,
    }
    assert (
        client.get(
            "/search.json?q=spjyxk&kind=item", headers={"If-None-Match": answer.headers["ETag"]}
        ).status_code
        == 304
    )


@pytest.mark.parametrize(
    "query, status",
    [
        ("", 200),
        ("?q=", 200),
        ("?q=%22%2A%28", 200),
        ("?q=%FF%FE", 200),
        ("?q=" + "%E5%8A%9E" * 1000, 200),
        ("?q=a&kind=", 200),
        ("?q=a&kind=nothing", 400),
        ("?q=%E8%AE%B8%E5%8F%AF&page=2", 200),
        ("?q=%E8%AE%B8%E5%8F%AF&page=0", 404),
        ("?q=%E8%AE%B8%E5%8F%AF&page=x", 404),
        ("?q=%E8%AE%B8%E5%8F%AF&page=999999999", 404),
        ("?q=%E8%AE%B8%E5%8F%AF&page=" + "9" * 99, 404),
    ],
)
@pytest.mark.parametrize("path", ["/search", "/search.json"])
def test_whatever_is_asked_is_answered(client: FlaskClient, path: str, query: str, status: int) -> None:
    assert client.get(path + query).status_code == status


def test_no_more_is_listed_than_the_limit(client: FlaskClient) -> None:
    answer = client.get("/search.json", query_string={"q": "市", "page": search.MOST // A_PAGE}).json
    assert answer["total"] > search.MOST
    assert answer["pages"] == search.MOST // A_PAGE
    assert len(answer["results"]) == A_PAGE
    assert "1,000" in client.get("/search?q=" + quote("市")).get_data(as_text=True)


def test_what_takes_too_long_is_ended_and_said(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SECONDS", -1.0)
    monkeypatch.setattr(search, "STEPS_BETWEEN_LOOKS", 1)
    answer = client.get("/search.json?q=" + quote("市"))
    assert answer.status_code == 504
    assert "检索超过时限" in answer.get_data(as_text=True)


def test_searching_counts_to_what_a_client_may_ask_for(root: Path) -> None:
    with client_of(root, Settings(workers=1, rate=1)) as client:
        assert [client.get("/search?q=a").status_code for _ in range(2)] == [200, 429]
        assert client.get("/search").status_code == 200


def test_a_text_stays_a_text(client: FlaskClient) -> None:
    text = client.get("/search", query_string={"q": '"><script>alert(1)</script>'}).get_data(as_text=True)
    assert "<script" not in text


def test_every_page_has_the_box_and_leads_to_the_description(client: FlaskClient) -> None:
    for address in ("/", "/rules", "/regions/370600", "/sparql"):
        text = client.get(address, headers={"Accept": "text/html"}).get_data(as_text=True)
        assert '<form method="get" action="/search" role="search"' in text, address
        assert 'href="/opensearch.xml"' in text, address


def test_the_description_of_the_interfaces_has_every_kind() -> None:
    parameters = described()["paths"]["/search.json"]["get"]["parameters"]
    assert next(one["schema"]["enum"] for one in parameters if one.get("name") == "kind") == list(KINDS)


def test_a_browser_can_be_told_how_to_ask(client: FlaskClient) -> None:
    answer = client.get("/opensearch.xml", headers={"Host": "data.example.org"})
    assert answer.content_type.startswith("application/opensearchdescription+xml")
    found = ElementTree.fromstring(answer.get_data())
    assert len(found.findtext(f"{OPENSEARCH}ShortName", "")) in range(1, 17)
    templates = {one.attrib["type"]: one.attrib["template"] for one in found.iter(f"{OPENSEARCH}Url")}
    assert templates["text/html"] == "http://data.example.org/search?q={searchTerms}"
    asked = templates["text/html"].removeprefix("http://data.example.org").replace("{searchTerms}", "R21.1")
    assert "办事指南要素缺失四类及以上" in client.get(asked).get_data(as_text=True)


@pytest.mark.parametrize("host", ['a"b', "a<b>", "a/b"])
def test_a_host_that_is_none_is_not_repeated(client: FlaskClient, host: str) -> None:
    text = client.get("/opensearch.xml", headers={"Host": host}).get_data(as_text=True)
    assert f"//{host}" not in text


def test_a_release_without_a_search_file_says_so(tmp_path: Path) -> None:
    publish(tmp_path, "20261101T000000Z-00000000")
    with client_of(tmp_path, Settings(workers=1)) as client:
        page, found = client.get("/search?q=a"), client.get("/search.json?q=a")
        assert page.status_code == found.status_code == 200
        assert "没有可用的检索文件" in page.get_data(as_text=True)
        assert (found.json["searchable"], found.json["total"]) == (False, 0)


def test_before_anything_is_published_there_is_nothing_to_search(tmp_path: Path) -> None:
    with client_of(tmp_path, Settings(workers=1)) as client:
        assert not (tmp_path / CURRENT).exists()
        assert client.get("/search?q=a").status_code == 503
        assert client.get("/opensearch.xml").status_code == 200
