"""Writing published data by the SPARQL protocols, where the service lets one (``zwfw serve --writable``): writing is
publishing.

A change is carried out on a copy of the index, by a confined process. What the data graphs of regions hold then becomes
those regions' files, is read and checked like any submission, and is the next release; or nothing has changed.
"""

import contextlib
import gzip
import shutil
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from flask import Response, current_app

from app import names
from app.files.source import Unreadable
from app.ontology import standards
from app.regions import description
from app.releases.release import lines_of
from app.store import StoreError
from app.store.scratch import Change, Writer, Written
from app.submissions import submission
from app.submissions.submission import Submission, Submissions
from app.submissions.tokens import WRITE, Token
from app.web import allowance, problem
from app.web.language import language, say
from app.web.live import Settings, current_release, following, newest_release
from app.web.problem import Problem
from app.web.submissions import bearer, publish, token_for, turns

WORK = ".writing-"
"""How the folders begin, beside the releases, in which changes are carried out."""

LEFT_SECONDS = 3600
"""After this long such a folder is one that a server left which was killed: none is needed for longer than a publication."""

STATED = "data.nt"
"""The file of a region whose data were written so."""


class Rewriter:
    """The process that carries changes out on copies, and the one thread it is asked from: its life is tied to that. What a
    killed server left under ``root`` is removed."""

    def __init__(self, root: Path, settings: Settings) -> None:
        for folder in root.glob(f"{WORK}*"):
            with contextlib.suppress(FileNotFoundError):  # that of another server, just done with
                if folder.stat().st_mtime < time.time() - LEFT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
        self._writer = Writer(settings.timeout, settings.memory_mb)
        self._turn = ThreadPoolExecutor(1, "rewriter")

    def carried_out(self, change: Change, index: Path, folder: Path) -> Written:
        """What a change of an index would do, with files in ``folder``. Raises ``StoreError``."""
        return self._turn.submit(self._writer.write, change, index, folder / "index").result()

    def close(self) -> None:
        """End the process, and at once what it is about."""
        self._writer.stop()
        self._turn.submit(self._writer.close).result()
        self._turn.shutdown()


def current_rewriter() -> Rewriter | None:
    """That of this application, if published data may be written here."""
    rewriter: Rewriter | None = current_app.extensions.get("rewriter")
    return rewriter


def update(change: Change) -> Response:
    """Carry out a SPARQL update and publish what comes of it. Raises ``Problem``."""
    return published(change, allowed(change.writes or ()))


def allowed(named: Iterable[str]) -> Token:
    """The token, where it counts for every graph named. Raises ``Problem``."""
    token: Token | None = None
    for iri in named:
        code = iri.removeprefix(names.graph(""))
        if iri == code or not (len(code) == 6 and code.isascii() and code.isdecimal()):
            message = "只能写入各地区的数据图 <{base}六位代码>；<{graph}> 由发布得出，或者不属于任何地区。"
            raise Problem("forbidden", say(message, base=names.graph(""), graph=iri or "default"))
        token = token_for(bearer(), code, WRITE)
    if token is None:
        raise Problem("malformed-request", say("更新没有写明要写入的图；请用 GRAPH 或 WITH 给出完整的 IRI。"))
    return token


def published(change: Change, by: Token) -> Response:
    """Carry out a change, and publish it if it changes anything. Raises ``Problem``."""
    allowance.spend()
    rewriter = current_rewriter()
    assert rewriter is not None
    root = following().root
    with turns.one(), tempfile.TemporaryDirectory(dir=root, prefix=WORK) as folder:
        try:
            written = rewriter.carried_out(change, newest_release().index, Path(folder))
        except StoreError as error:
            raise problem.of_store(error, change.text) from error
        shutil.rmtree(Path(folder) / "index", ignore_errors=True)
        if not written.changed:
            return Response(status=204)
        changed = {iri: Path(path) for iri, path in written.changed.items()}
        _publish(root, changed, change.kind == "put", by)
    following().catch_up()
    is_new = change.kind != "update" and not written.existed
    return Response(status=201 if is_new else 204)


def _publish(root: Path, changed: dict[str, Path], replaces: bool, by: Token) -> None:
    """Make what graphs hold the next version of their regions' folders and publish all of them, or none. A region whose
    graph holds nothing any more is withdrawn. Raises ``Problem``."""
    submissions = Submissions(root)
    waiting: list[Submission] = []
    withdrawn: list[str] = []
    try:
        for iri, path in changed.items():
            code = iri.removeprefix(names.graph(""))
            if not path.stat().st_size:
                if code == names.NATION:
                    raise Problem("forbidden", say("全国的行政区划不能撤下：各地区的数据都以它为依据。"))
                withdrawn.append(code)
                continue
            files = _files(code, path.read_bytes(), replaces)
            waiting.append(submissions.receive(code, f"{by.name}（{by.id}）", files, "", standards.load()))
            submission.looked_at(waiting[-1], root)
    except Unreadable as unreadable:
        for found in waiting:
            submissions.forget(found)
        errors = [asdict(error.place) | {"said": error.said(language())} for error in unreadable.errors]
        raise Problem("unreadable", more={"errors": errors}) from unreadable
    publish(waiting, f"{by.name}（{by.id}）", withdrawn, current_release().id)


def _files(code: str, lines: bytes, replaces: bool) -> dict[str, bytes]:
    """The files of a region whose graph holds these N-Triples: what they say of the region and its dataset is its
    ``region.ttl``, or else what is published says; all else is its data.

    What a level above states, too, stands in its graph alone; where the graph is changed and not replaced, the region goes
    on stating it.
    """
    region = names.region(code)
    own = tuple(f"<{one}> ".encode() for one in (names.graph(code), region))
    release = current_release()
    entry = release.regions.get(code)
    stated = set(lines.splitlines(keepends=True))
    if entry is not None and not replaces:
        stated |= {f"{line}\n".encode() for line in entry["withheld"].get("graph", ())}
    about = {line for line in stated if line.startswith(own)}
    if entry is not None and not about:
        dump = gzip.decompress((release.dumps / lines_of(entry)).read_bytes())
        about = {line for line in dump.splitlines(keepends=True) if line.startswith(own)}
    if about:
        about.add(f"<{region}> <{names.RDF}type> <{names.DEF}Region> .\n".encode())
    return {
        description.FILE: b"".join(sorted(about)),
        STATED: b"".join(sorted(line for line in stated if not line.startswith(own))),
    }
