"""Asking a published release: a query goes in as text, the answer comes out as frames of bytes.

``Store`` is all the rest of the code knows. The embedded store evaluates in worker processes of its own: the
web process never evaluates a query.
"""

from pathlib import Path

from app.store.embedded import EmbeddedStore
from app.store.query import (
    SOLUTIONS,
    TRIPLES,
    Answer,
    AnswerBroken,
    DeadlineExceeded,
    EvaluationFailed,
    FormatUnfit,
    GraphUnknown,
    MemoryExceeded,
    Query,
    QueryMalformed,
    QueryRefused,
    Store,
    StoreBusy,
    StoreError,
    StoreUnreadable,
)

__all__ = [
    "SOLUTIONS",
    "TRIPLES",
    "Answer",
    "AnswerBroken",
    "DeadlineExceeded",
    "EvaluationFailed",
    "FormatUnfit",
    "GraphUnknown",
    "MemoryExceeded",
    "Query",
    "QueryMalformed",
    "QueryRefused",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnreadable",
    "open_store",
]


def open_store(
    index: Path,
    *,
    timeout: float = 30,
    memory_mb: int = 2048,
    workers: int = 0,
    queue: int = 32,
    union: bool = True,
) -> Store:
    """The store over the index of a finished release; the limits are those of ``EmbeddedStore``.

    Raises ``StoreUnreadable``.
    """
    return EmbeddedStore(
        index, workers=workers, timeout=timeout, memory_mb=memory_mb, queue=queue, union=union
    )
