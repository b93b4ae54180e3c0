"""The dataset of ``zwfw serve --open-writing``: empty at first, written by anybody, gone at the end.

It is a root of releases like any other, in a temporary folder, and each change is a release: what is read is read as ever,
a change is whole or has not happened, and a query sees one state from its beginning to its end.
"""

import itertools
import json
import shutil
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app, request

from app.releases.release import MANIFEST, Release, Releases
from app.store.scratch import Change, Writer
from app.web import allowance
from app.web.language import say
from app.web.live import Live, Settings, following
from app.web.problem import Problem


class Scratch:
    """The dataset, and the one thread that writes it, a change at a time."""

    def __init__(self, settings: Settings) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zwfw-scratch-", ignore_cleanup_errors=True)
        self.root = Path(self._folder.name)
        self._releases = Releases(self.root)
        # No id is used twice, not even by the next server: answers are told apart by it.
        run = uuid.uuid4().hex[:8]
        self._ids = (f"{number:08d}-{run}" for number in itertools.count())
        self._writer = Writer(settings.timeout, settings.memory_mb)
        self._turn = ThreadPoolExecutor(1, "writer")
        self.write(Change("update"))

    def write(self, change: Change, live: Live | None = None) -> bool:
        """Carry out a change and have ``live`` serve what it leads to: whoever is told of it sees it. Whether the graph it is
        about was there before. Raises ``StoreError``, and nothing has changed."""
        return self._turn.submit(self._write, change, live).result()

    def _write(self, change: Change, live: Live | None) -> bool:
        old = self._releases.current()
        new = Release(self._releases.folder / next(self._ids))
        new.path.mkdir(parents=True)
        try:
            existed = self._writer.write(change, old.index if old else None, new.index).existed
        except BaseException:
            shutil.rmtree(new.path, ignore_errors=True)
            raise
        (new.path / MANIFEST).write_text(json.dumps({"id": new.id, "regions": {}}), "utf-8")
        self._releases.point_to(new)
        if live is not None:
            live.catch_up()
        return existed

    def close(self) -> None:
        """End the writing at once and remove everything."""
        self._writer.stop()
        self._turn.submit(self._writer.close).result()
        self._turn.shutdown()
        self._folder.cleanup()


def current_scratch() -> Scratch | None:
    """The dataset of this application, if it is one to be written."""
    scratch: Scratch | None = current_app.extensions.get("scratch")
    return scratch


def write(scratch: Scratch, change: Change) -> bool:
    """Carry out a change this request asks for. Raises ``Problem`` where a page of another site asks it in the name of its
    reader (RFC 6454 §7), and ``StoreError``."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Problem("forbidden", say("别的网站的网页不能在这里写入。"))
    allowance.spend()
    return scratch.write(change, following())
