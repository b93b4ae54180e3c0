"""SPARQL engines of others, each started on a free port of this machine in a folder of its own, for the tests of
remote stores. Where one is not installed its tests are skipped, and say why."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_SECONDS = 60
"""Virtuoso writes its first database in five; a loaded machine takes longer."""

VIRTUOSO = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 10
CaseMode = 2
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 10
Charset = UTF-8
[SPARQL]
{limit}
MaxQueryExecutionTime = 30
"""


@dataclass(frozen=True)
class Engine:
    """One that runs: its name, where it takes queries, where updates."""

    name: str
    query: str
    update: str


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def found(program: str) -> str:
    """The program, beside this Python or on PATH; else the test is skipped."""
    beside = Path(sys.executable).parent / program
    path = str(beside) if beside.is_file() else shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@contextmanager
def started(command: list[str], folder: Path, address: str) -> Iterator[None]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        given_up = time.monotonic() + START_SECONDS
        while time.monotonic() < given_up:
            assert process.poll() is None, (folder / "output").read_text(errors="replace")
            try:
                urllib.request.urlopen(f"{address}?query=ASK%7B%7D", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def oxigraph(folder: Path) -> Iterator[Engine]:
    program, port = found("oxigraph"), free_port()
    at = f"http://127.0.0.1:{port}"
    command = [program, "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    with started(command, folder, f"{at}/query"):
        yield Engine("oxigraph", f"{at}/query", f"{at}/update")


@contextmanager
def virtuoso(folder: Path, row_limit: int = 0) -> Iterator[Engine]:
    program, isql = found("virtuoso-t"), found("isql-vt")
    sql, http = free_port(), free_port()
    limit = f"ResultSetMaxRows = {row_limit}" if row_limit else ""
    (folder / "virtuoso.ini").write_text(VIRTUOSO.format(sql=sql, http=http, limit=limit), encoding="utf-8")
    address = f"http://127.0.0.1:{http}/sparql"
    with started([program, "-f", "-c", "virtuoso.ini"], folder, address):
        grant = 'GRANT SPARQL_UPDATE TO "SPARQL";'
        subprocess.run(
            [isql, f"127.0.0.1:{sql}", "dba", "dba"], input=grant, text=True, check=True, capture_output=True
        )
        yield Engine("virtuoso", address, address)
