"""The store's promises: what a query sees, how it is stopped, and that what fails says so."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from served import ENDLESS_ROWS, EX, HUNGRY, NEVER_ENDS, make_index, until

from app import names
from app.store import (
    ASIDE,
    SOLUTIONS,
    AnswerBroken,
    DeadlineExceeded,
    EvaluationFailed,
    FormatUnfit,
    MemoryExceeded,
    Query,
    QueryMalformed,
    QueryRefused,
    StoreBusy,
    StoreUnreadable,
    open_store,
)
from app.store.embedded import NOTHING_ASKED, EmbeddedStore
from app.store.records import FRAME_BYTES
from app.store.results import SOME_BYTES
from app.store.terms import Iri, Literal


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("release") / "index")


@pytest.fixture(scope="module")
def store(index: Path) -> Iterator[EmbeddedStore]:
    opened = EmbeddedStore(index, workers=2, timeout=20, memory_mb=1024)
    yield opened
    opened.close()


@pytest.fixture
def hasty(index: Path) -> Iterator[EmbeddedStore]:
    """A store of one worker and short patience."""
    opened = EmbeddedStore(index, workers=1, timeout=1.5, memory_mb=512, queue=1)
    yield opened
    opened.close(at_once=True)


def count(store: EmbeddedStore, text: str, **dataset: tuple[str, ...]) -> int:
    content = b"".join(store.answer(Query(text, **dataset), "text/csv").frames)
    return content.count(b"\r\n") - 1


# What a query sees


def test_the_default_graph_is_the_union(store: EmbeddedStore) -> None:
    assert count(store, "SELECT * { ?s ?p ?o }") == 600


def test_from_replaces_the_union(store: EmbeddedStore) -> None:
    assert count(store, f"SELECT * FROM <{EX}one> {{ ?s ?p ?o }}") == 200
    assert count(store, f"SELECT * FROM <{EX}one> FROM <{EX}two> {{ ?s ?p ?o }}") == 400
    assert count(store, f"SELECT * FROM NAMED <{EX}one> {{ ?s ?p ?o }}") == 0
    assert count(store, f"SELECT * FROM NAMED <{EX}one> {{ GRAPH ?g {{ ?s ?p ?o }} }}") == 200
    assert count(store, f"SELECT * FROM <{EX}unknown> {{ ?s ?p ?o }}") == 0


def test_graphs_of_the_protocol_win_over_from(store: EmbeddedStore) -> None:
    text = f"SELECT * FROM <{EX}one> {{ ?s ?p ?o }}"
    assert count(store, text, default_graphs=(EX + "two", EX + "three")) == 400
    assert count(store, text, named_graphs=(EX + "two",)) == 0
    named = f"SELECT * FROM NAMED <{EX}one> {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    assert count(store, named, named_graphs=(EX + "two", EX + "three")) == 400
    assert count(store, named, default_graphs=(EX + "two",)) == 0


def test_variables_are_bound_to_terms(store: EmbeddedStore) -> None:
    found = store.select("SELECT ?name { ?s ?p ?name }", s=Iri(EX + "7"))
    assert found == [{"name": Literal("事项7", language="zh")}]
    hostile = Literal('" } SERVICE <http://127.0.0.1/> { #')
    assert store.select("SELECT ?o { ?s ?p ?o FILTER(?o = ?x) }", x=hostile) == []
    assert store.select("SELECT (COUNT(?s) AS ?n) { ?s ?p ?o }", s=Iri(EX + "7")) == [{"n": number(1)}]
    assert store.select("ASK { ?s ?p ?o }", o=Literal("事项7", language="zh")) == [{}]
    assert store.select("ASK { ?s ?p ?o }", o=Literal("事项7")) == []


def number(value: int) -> Literal:
    return Literal(str(value), datatype=Iri(names.XSD + "integer"))


def test_every_kind_of_term_survives(store: EmbeddedStore) -> None:
    terms = [Iri(EX + "x"), Literal('"引号"\n'), Literal("a", language="en-gb"), number(3), Literal("true")]
    for term in terms:
        assert store.select("SELECT ?x { }", x=term) == [{"x": term}]


def test_csv_is_as_the_standard_has_it(store: EmbeddedStore) -> None:
    content = b"".join(store.answer(Query("SELECT ?s { ?s ?p '事项1'@zh }"), "text/csv").frames)
    assert content == b"s\r\nhttp://example.org/1\r\n"


def test_turtle_carries_our_prefixes(store: EmbeddedStore) -> None:
    text = f"CONSTRUCT {{ ?s a <{names.DEF}ServiceItem> }} WHERE {{ ?s ?p '事项1'@zh }}"
    content = b"".join(store.answer(Query(text)).frames)
    assert b"a zwfw:ServiceItem" in content


def test_a_format_must_fit_the_form(store: EmbeddedStore) -> None:
    for text, media_type in [
        ("ASK {}", "text/csv"),
        ("ASK {}", "text/turtle"),
        ("SELECT * {}", "text/turtle"),
        ("DESCRIBE <http://x>", "text/csv"),
        ("DESCRIBE <http://x>", SOLUTIONS[0]),
    ]:
        with pytest.raises(FormatUnfit):
            store.answer(Query(text), media_type)


def test_large_answers_come_in_frames(store: EmbeddedStore) -> None:
    answer = store.answer(Query("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000"), "text/csv")
    assert answer.length is None
    frames = list(answer.frames)
    assert {len(frame) for frame in frames[:-1]} == {FRAME_BYTES}
    assert b"".join(frames).count(b"\r\n") == 20001


def megabytes(number: int) -> str:
    """A pattern that binds ?long to a text of so many megabytes."""
    tens = [f"BIND(CONCAT({', '.join([f'?ten{n}'] * 10)}) AS ?ten{n + 1})" for n in range(6)]
    return f'BIND("." AS ?ten0) {" ".join(tens)} BIND(CONCAT({", ".join(["?ten6"] * number)}) AS ?long)'


def test_what_is_cut_at_so_many_is_cut_at_so_many_bytes_too(store: EmbeddedStore) -> None:
    solutions = Query(f"SELECT ?s ?long {{ ?s ?p ?o {megabytes(1)} }}", limit=40)
    found = json.loads(b"".join(store.answer(solutions).frames))
    assert len(found["results"]["bindings"]) == SOME_BYTES // 10**6 and found["more"] is True
    triples = Query(f"CONSTRUCT {{ ?s <{EX}long> ?long }} {{ ?s ?p ?o {megabytes(1)} }}", limit=40)
    assert 20 < sum(map(len, store.answer(triples).frames)) / 10**6 < SOME_BYTES / 10**6
    with pytest.raises(MemoryExceeded):
        store.answer(Query(f"SELECT ?long {{ {megabytes(40)} }}", limit=40))


def test_small_answers_know_their_length(store: EmbeddedStore) -> None:
    answer = store.answer(Query("ASK {}"))
    assert answer.length == len(b"".join(answer.frames))


# What is refused


@pytest.mark.parametrize(
    "text", ["SELECT * { SERVICE <http://127.0.0.1:1/> {} }", "INSERT DATA {}", "LOAD <http://x>"]
)
def test_service_and_updates_are_refused(store: EmbeddedStore, text: str) -> None:
    with pytest.raises(QueryRefused):
        store.answer(Query(text))


def test_a_worker_has_no_sockets_at_all(store: EmbeddedStore) -> None:
    """The second wall: were the scan ever fooled, the kernel refuses the worker its socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        unscanned = {**NOTHING_ASKED, "text": f"SELECT * {{ SERVICE <{address}> {{}} }}"}
        with pytest.raises(EvaluationFailed):
            store._ask(unscanned, SOLUTIONS[0], store.ledger.begin("", time.monotonic() + 10))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_malformed_query_says_where(store: EmbeddedStore) -> None:
    with pytest.raises(QueryMalformed) as caught:
        store.answer(Query("SELECT * {\n  ?s ?p }"))
    assert caught.value.line == 2
    assert caught.value.column > 1
    for text in ("", "nonsense", r"SELECT * { \uD800 }"):
        with pytest.raises(QueryMalformed):
            store.answer(Query(text))


def test_a_folder_without_an_index_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreadable):
        open_store(tmp_path / "none", workers=1)


# How it is stopped


def test_a_query_is_cut_at_its_deadline_and_the_next_works(hasty: EmbeddedStore) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        hasty.answer(Query(NEVER_ENDS))
    assert time.monotonic() - began > 1.4
    assert count(hasty, "SELECT * { ?s ?p ?o }") == 600


def test_an_answer_cut_in_its_middle_is_broken(hasty: EmbeddedStore) -> None:
    answer = hasty.answer(Query(ENDLESS_ROWS), "text/csv")
    with pytest.raises(AnswerBroken):
        for _ in answer.frames:
            pass
    assert hasty.select("ASK {}") == [{}]


def test_the_deadline_holds_for_a_reader_who_takes_nothing(hasty: EmbeddedStore) -> None:
    answer = hasty.answer(Query(ENDLESS_ROWS), "text/csv")
    frames = answer.frames
    next(frames)
    time.sleep(1.7)
    with pytest.raises(AnswerBroken):
        for _ in frames:
            pass


def test_a_reader_who_goes_away_frees_the_worker(hasty: EmbeddedStore) -> None:
    for _ in range(3):
        answer = hasty.answer(Query(ENDLESS_ROWS), "text/csv")
        next(answer.frames)
        answer.close()
        answer.close()
    hasty.answer(Query(ENDLESS_ROWS), "text/csv")  # never read, never closed: collected
    assert hasty.select("ASK {}") == [{}]


def test_memory_has_a_limit(index: Path) -> None:
    store = EmbeddedStore(index, workers=1, timeout=60, memory_mb=400)
    try:
        with pytest.raises(MemoryExceeded):
            b"".join(store.answer(Query(HUNGRY)).frames)
        assert store.select("ASK {}") == [{}]
    finally:
        store.close()


def test_a_full_queue_says_when_to_come_back(hasty: EmbeddedStore) -> None:
    outcomes: list[object] = []

    def ask() -> None:
        try:
            hasty.answer(Query(NEVER_ENDS))
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [outcome for outcome in outcomes if isinstance(outcome, StoreBusy)]
    late = [outcome for outcome in outcomes if isinstance(outcome, DeadlineExceeded)]
    assert (len(busy), len(late)) == (3, 2)
    assert all(1 <= outcome.retry_after <= 2 for outcome in busy)


def test_an_answer_nobody_closed_may_end_while_the_ledger_is_asked(store: EmbeddedStore) -> None:
    """The collector runs at any time, in the thread that holds the ledger's lock, too."""
    before = store.ledger.ended()["answered"]
    answer = store.answer(Query(ENDLESS_ROWS), "text/csv")
    with store.ledger._lock:
        del answer
    assert store.ledger.ended()["answered"] == before + 1 and store.ledger.under_way() == []


def test_who_came_first_is_first(index: Path) -> None:
    store = EmbeddedStore(index, workers=1, timeout=60, memory_mb=512)
    order: list[int] = []

    def ask(number: int) -> None:
        answer = store.answer(Query(ENDLESS_ROWS), "text/csv")  # its worker is held until it is closed
        order.append(number)
        answer.close()

    try:
        # As many as may be set aside, and one that keeps the place.
        held = [store.answer(Query(ENDLESS_ROWS), "text/csv") for _ in range(ASIDE + 1)]
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda waiting=number + 1: len(store._line) == waiting)
        held.pop().close()
        for thread in threads:
            thread.join()
        assert order == list(range(5))
    finally:
        store.close(at_once=True)


@contextmanager
def running_away(index: Path, workers: int) -> Iterator[tuple[EmbeddedStore, threading.Thread]]:
    """A store, and a thread that asks it for what never ends until the deadline of three seconds ends it."""
    store = EmbeddedStore(index, workers=workers, timeout=3, memory_mb=512)
    ended: list[Exception] = []

    def ask() -> None:
        try:
            store.answer(Query(NEVER_ENDS))
        except DeadlineExceeded as error:
            ended.append(error)

    runaway = threading.Thread(target=ask)
    runaway.start()
    try:
        yield store, runaway
        runaway.join()
        assert ended, "it ended otherwise than at its deadline"
    finally:
        store.close()


def test_others_are_answered_while_one_never_ends(index: Path) -> None:
    with running_away(index, workers=2) as (store, runaway):
        answered = 0
        while runaway.is_alive():
            assert store.select("ASK {}") == [{}]
            answered += 1
        assert answered > 100


def test_what_takes_long_leaves_its_place_to_who_waits(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.embedded.SLOW_SECONDS", 60)
    with running_away(index, workers=1) as (store, runaway):
        until(lambda: store._busy)
        assert store.select("ASK {}") == [{}]
        assert runaway.is_alive()


def test_a_worker_killed_under_a_query_is_an_honest_error(hasty: EmbeddedStore) -> None:
    threading.Timer(0.5, lambda: os.kill(pid_of_the_worker(hasty), signal.SIGKILL)).start()
    with pytest.raises(EvaluationFailed, match="SIGKILL"):
        hasty.answer(Query(NEVER_ENDS))
    assert hasty.select("ASK {}") == [{}]


def test_a_worker_killed_while_idle_is_not_noticed(hasty: EmbeddedStore) -> None:
    os.kill(pid_of_the_worker(hasty), signal.SIGKILL)
    time.sleep(0.2)
    assert hasty.select("ASK {}") == [{}]


def pid_of_the_worker(store: EmbeddedStore) -> int:
    (worker,) = [*store._idle, *store._busy]
    return worker.process.pid


def test_closing_lets_an_answer_end(index: Path) -> None:
    store = EmbeddedStore(index, workers=1, timeout=20, memory_mb=512)
    answer = store.answer(Query("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000"), "text/csv")
    closing = threading.Thread(target=store.close)
    closing.start()
    time.sleep(0.2)
    with pytest.raises(StoreBusy):
        store.select("ASK {}")
    assert b"".join(answer.frames).count(b"\r\n") == 20001
    closing.join(5)
    assert not closing.is_alive()


def test_closing_does_not_wait_for_ever_for_a_reader(index: Path) -> None:
    store = EmbeddedStore(index, workers=1, timeout=1, memory_mb=512)
    answer = store.answer(Query(ENDLESS_ROWS), "text/csv")
    store.close()
    with pytest.raises(AnswerBroken):
        for _ in answer.frames:
            pass


def test_no_worker_survives_its_parent(index: Path) -> None:
    """Even when the parent is killed with its workers busy."""
    program = f"""
import threading, time
from pathlib import Path
from app.store.embedded import NOTHING_ASKED, EmbeddedStore
from app.store import Query
store = EmbeddedStore(Path({str(index)!r}), workers=2, timeout=60, memory_mb=512)
threading.Thread(target=lambda: store.answer(Query({NEVER_ENDS!r})), daemon=True).start()
time.sleep(0.5)
print(*[worker.process.pid for worker in [*store._idle, *store._busy]], flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while any(is_running(pid) for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_many_threads_share_few_workers(store: EmbeddedStore) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(20):
            found = store.select("SELECT ?name { ?s ?p ?name }", s=Iri(f"{EX}{number}"))
            if found != [{"name": Literal(f"事项{number}", language="zh")}]:
                wrong.append(found)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
