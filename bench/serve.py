"""What the service answers a second, beside other ways to serve the same index: point queries, kept answers, downloads, and
what four queries that never end do to the others.

    python bench/serve.py --root FOLDER [--seconds 10] [--rdflib-endpoint COMMAND]

FOLDER is a release root, as ``bench/publish.py --root`` leaves it. Needs ``wrk`` (Debian has it) and, for the comparison
with rdflib-endpoint, its command. Everything runs on this machine, servers and clients on the same cores, and in
one run: the ratios are what to trust.
"""

import argparse
import contextlib
import gzip
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import names
from app.questions import question
from app.releases import replica
from app.releases.release import Release, Releases

CONNECTIONS = 8
RUNAWAYS = 4
START_SECONDS, END_SECONDS = 60, 20
PATIENCE = 600
"""Seconds after which an answer is waited for no longer."""

NEVER_ENDS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

DISTINCT = """
local things, number = {}, 0
for line in io.lines("%(things)s") do things[#things + 1] = line end
local thread_number = 0
function setup(thread) thread:set("first", thread_number * 100000000); thread_number = thread_number + 1 end
function init() number = first end
function request()
  number = number + 1
  local query = "SELECT%%20*%%20%%7B%%20GRAPH%%20%%3Fg%%20%%7B%%20%%3C" .. things[number %% #things + 1] ..
    "%%3E%%20%%3Fp%%20%%3Fo%%20%%7D%%7D%%23" .. number
  return wrk.format("GET", "%(path)s?query=" .. query, {["Accept"] = "application/sparql-results+json"})
end
"""
"""Each request another query: a point lookup, and its number in a comment, so that no answer is one kept from before."""


@dataclass(frozen=True)
class Load:
    """What ``wrk`` saw."""

    rate: float
    p50: float
    p99: float
    failed: int

    def row(self, name: str, base: "Load") -> str:
        return f"| {name} | {self.rate:,.0f} | {self.rate / base.rate:.2f} | {self.p50:.1f} | {self.p99:.1f} | {self.failed} |"


HEAD = "| {what} | a second | ratio | p50 ms | p99 ms | failed |\n|---|---|---|---|---|---|"


def milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def load(address: str, seconds: int, script: str = "") -> Load:
    """Ask for ``seconds`` over some connections at once."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "--latency"]
        said = subprocess.run(
            [*command, *(["-s", file.name] if script else []), address],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = dict(re.findall(r"^\s+(50|99)%\s+(\S+)\s*$", said, re.MULTILINE))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    failed = int(wrong[1]) if wrong else 0
    failed += sum(map(int, errors.groups())) if errors else 0
    return Load(rate, milliseconds(found["50"]), milliseconds(found["99"]), failed)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def running(command: list[str], ready: str) -> Iterator[None]:
    """A server, once it answers at ``ready``."""
    said = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the server)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
    try:
        given_up = time.monotonic() + START_SECONDS * 20
        while True:
            try:
                urllib.request.urlopen(ready, timeout=START_SECONDS).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > given_up:
                    raise
                time.sleep(0.1)
        yield
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(f"{command} ended with {process.returncode}: {said.read()[-2000:].decode()}")
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # it is still about what nobody waits for
            process.kill()
            process.wait()
        said.close()


def fetched(address: str, accept: str = "*/*") -> tuple[bytes, float]:
    """A body, and the seconds it took."""
    began = time.perf_counter()
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        body = answer.read()
    return body, time.perf_counter() - began


def asking(service: str, query: str, accept: str = "application/sparql-results+json") -> tuple[bytes, float]:
    return fetched(f"{service}?query={urllib.parse.quote(query)}", accept)


def bare(port: int, body: Path) -> None:
    """A Flask view that returns the same bytes each time, under the same server."""
    from flask import Flask, Response

    from app.web.live import Settings
    from app.web.serve import listen

    app, content = Flask("bare"), body.read_bytes()
    app.add_url_rule("/", view_func=lambda: Response(content, content_type="application/sparql-results+json"))
    listen(app, "127.0.0.1", port, Settings()).run()


def runaway(service: str, ended: list[int], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            asking(service, f"{NEVER_ENDS} # {time.monotonic()}")
            ended.append(200)
        except urllib.error.HTTPError as error:
            ended.append(error.code)


def main() -> None:
    """The command line; ``--bare`` is the process of the bare view."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rdflib-endpoint", metavar="COMMAND")
    parser.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        bare(int(given.bare[0]), Path(given.bare[1]))
        return
    release = Releases(given.root).current()
    if release is None:
        raise SystemExit(f"{given.root}: nothing published")
    ours, theirs, plain = free_port(), free_port(), free_port()
    service, oxigraph = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{theirs}"
    serve = [
        sys.executable,
        "-m",
        "app",
        "serve",
        "--release",
        str(given.root),
        "--port",
        str(ours),
        "--rate",
        "0",
    ]
    beside = [str(Path(sys.executable).with_name("oxigraph")), "serve-read-only", "--location"]
    beside += [str(release.index), "--bind", f"127.0.0.1:{theirs}"]
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        stack.enter_context(running(serve, f"{service}/readyz"))
        stack.enter_context(running(beside, f"{oxigraph}/"))
        things = Path(folder, "things")
        query = f"SELECT ?s {{ ?s a <{names.DEF}ImplementedItem> }} LIMIT 5000"
        rows = json.loads(asking(f"{service}/sparql", query)[0])["results"]["bindings"]
        things.write_text("".join(f"{row['s']['value'].replace('%', '%25')}\n" for row in rows), "utf-8")
        triples = sum(entry["triples"] for entry in release.regions.values())
        print(f"{triples:,} triples, {CONNECTIONS} connections, {given.seconds} s each\n")

        distinct = {"things": things, "path": "/sparql"}
        print(HEAD.format(what="point queries, each another"))
        direct = load(oxigraph, given.seconds, DISTINCT % {**distinct, "path": "/query"})
        quiet = load(service, given.seconds, DISTINCT % distinct)
        print(direct.row("oxigraph serve, direct", direct))
        print(quiet.row("zwfw serve", direct), "\n")

        kept = f"{service}/sparql?query={urllib.parse.quote(query.replace('5000', '20'))}&format=json"
        body = Path(folder, "body")
        body.write_bytes(fetched(kept)[0])
        command = [sys.executable, __file__, "--bare", str(plain), str(body)]
        stack.enter_context(running(command, f"http://127.0.0.1:{plain}/"))
        print(HEAD.format(what=f"the same {body.stat().st_size:,} bytes each time"))
        flask = load(f"http://127.0.0.1:{plain}/", given.seconds)
        print(flask.row("a bare Flask view", flask))
        print(load(kept, given.seconds).row("zwfw serve, kept answer", flask), "\n")

        stop, ended = threading.Event(), list[int]()
        threads = [
            threading.Thread(target=runaway, args=(f"{service}/sparql", ended, stop), daemon=True)
            for _ in range(RUNAWAYS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(3)
        print(HEAD.format(what=f"point queries, {RUNAWAYS} runaways beside"))
        beset = load(service, given.seconds, DISTINCT % distinct)
        stop.set()
        print(quiet.row("quiet", quiet))
        print(beset.row("beset", quiet))
        for thread in threads:
            thread.join()
        print(
            f"\np99 is {beset.p99 / quiet.p99:.1f} times the quiet one; the runaways ended with {sorted(set(ended))}\n"
        )

        code = max(
            release.regions, key=lambda one: release.regions[one]["triples"] if one != names.NATION else 0
        )
        dump = next(name for name in release.regions[code]["dumps"] if name.endswith(".nt.gz"))
        packed, seconds = min((fetched(f"{service}/dumps/{dump}") for _ in range(5)), key=lambda one: one[1])
        construct = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{names.graph(code)}> {{ ?s ?p ?o }} }}"
        live = [asking(f"{service}/sparql", f"{construct} # {n}", "application/n-triples") for n in range(3)]
        lasted = min(took for _, took in live)
        same = sorted(gzip.decompress(packed).splitlines()) == sorted(live[0][0].splitlines())
        print(f"The graph of {code}, {len(live[0][0]):,} bytes as N-Triples (the same triples: {same}):")
        print(f"dump {seconds:.4f} s, live CONSTRUCT {lasted:.2f} s, {lasted / seconds:,.0f} times\n")

        if given.rdflib_endpoint:
            against(given.rdflib_endpoint, release, f"{service}/sparql")


CATALOGUE = ("Q02", "Q06", "Q24", "Q26")
"""Questions of the catalogue that generated regions have answers to, as they stand when nothing is chosen."""


def against(command: str, release: Release, service: str) -> None:
    """Questions of the catalogue over the same quads, inferred ones included, to rdflib-endpoint."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        packed, file = Path(folder, "all.nq.gz"), Path(folder, "all.nq")
        replica.write(release, packed)
        file.write_bytes(gzip.decompress(packed.read_bytes()))
        serve = [command, "serve", str(file), "--port", str(port)]
        print("| question | zwfw s | rdflib-endpoint s | times | rows | equal |\n|---|---|---|---|---|---|")
        for number in CATALOGUE:
            asked = question.load().find(number)
            assert asked is not None
            query = asked.bind({}, "zh")
            mine, seconds = min((asking(service, f"{query} # {n}") for n in range(3)), key=lambda one: one[1])
            rows = json.loads(mine)["results"]["bindings"]
            with running(serve, f"http://127.0.0.1:{port}/"):  # anew: it goes on with what nobody waits for
                try:
                    other, lasted = asking(f"http://127.0.0.1:{port}/", query)
                except TimeoutError:
                    told = f"over {PATIENCE} | over {PATIENCE / seconds:,.0f} | {len(rows)} | –"
                else:
                    is_same = json.loads(other)["results"]["bindings"] == rows
                    told = f"{lasted:.2f} | {lasted / seconds:,.0f} | {len(rows)} | {is_same}"
            print(f"| {number} {asked.name} | {seconds:.3f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
