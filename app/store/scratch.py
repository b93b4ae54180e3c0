"""Writing an index from a service that must not evaluate anything itself: the parent's side of the writer."""

import json
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.store import syntax
from app.store.answer import error_of
from app.store.process import Worker
from app.store.query import QueryMalformed, QueryRefused
from app.store.records import FAILURE


@dataclass(frozen=True, slots=True)
class Body:
    """An RDF document somebody sent: the file it was put into, and what it is."""

    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written: an update, or what the Graph Store Protocol does to a graph (``""``: the default graph)."""

    kind: str
    """``update``, ``put``, ``post`` or ``delete``."""
    text: str = ""
    graph: str = ""
    bodies: tuple[Body, ...] = ()
    writes: tuple[str, ...] | None = None
    """The graphs it may change and nothing else, whose content afterwards is written out; nothing: any, and none is."""


def update_of(text: str) -> Change:
    """A SPARQL update of published data: every graph in it is named by a whole IRI, so that it is known beforehand what it
    may change. Raises ``QueryMalformed`` and ``QueryRefused``."""
    change = update(text)
    graphs = syntax.written_graphs(change.text)
    if graphs is None:
        raise QueryRefused("graphs are named by whole IRIs here, after GRAPH or WITH")
    return replace(change, writes=graphs)


def update(text: str, graphs: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> Change:
    """A SPARQL update whose patterns look at the graphs given, where any are. Raises ``QueryMalformed`` where the update
    names graphs, too, and ``QueryRefused`` where it wants something from elsewhere."""
    try:
        asked = syntax.read_update(text)
    except ValueError as error:
        raise QueryMalformed(str(error)) from error
    if asked.reaches_out:
        raise QueryRefused("LOAD and SERVICE are not carried out here")
    if asked.has_dataset and (graphs or named):
        raise QueryMalformed("using-graph-uri and using-named-graph-uri do not go with USING and WITH")
    return Change("update", syntax.using(asked.text, graphs, named))


@dataclass(frozen=True, slots=True)
class Written:
    """What a change did."""

    existed: bool
    """Whether the change's graph was there before."""
    changed: dict[str, str]
    """Of the graphs it may change those it did: the file of N-Triples that holds what the graph holds now."""


class Writer:
    """The process that writes, started when needed. For one thread, which outlives it: the kernel ties the life of a process
    to the thread that started it."""

    def __init__(self, timeout: float, memory_mb: int) -> None:
        self.timeout, self.memory_mb = timeout, memory_mb
        self._worker: Worker | None = None
        self._is_stopped = False

    def write(self, change: Change, old: Path | None, new: Path) -> Written:
        """Make the index ``new``, which is ``old`` with the change (without ``old``: nothing with the change), or raise a
        ``StoreError`` and leave nothing to be used."""
        if self._worker is not None and self._worker.has_ended:
            self.close()
        worker = self._worker = self._worker or Worker("app.store.writer", str(self.memory_mb))
        timer = threading.Timer(self.timeout, self._end, [worker])
        timer.daemon = True
        timer.start()
        if self._is_stopped:
            self._end(worker)
        try:
            worker.ask({**asdict(change), "old": str(old) if old else "", "new": str(new)})
            kind, payload = worker.read()
            if kind != FAILURE:
                worker.read()
        except (EOFError, OSError):
            error = worker.cause_of_death()
            self.close()
            raise error from None
        finally:
            timer.cancel()
        if kind == FAILURE:
            raise error_of(payload)
        return Written(**json.loads(payload))

    @staticmethod
    def _end(worker: Worker) -> None:
        worker.overdue = True
        worker.kill()

    def stop(self) -> None:
        """Break off what is being written, and all that is to be: for the end of the service. Any thread may say so."""
        self._is_stopped = True
        worker = self._worker
        if worker is not None:
            self._end(worker)

    def close(self) -> None:
        """End the process."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            worker.bury()
