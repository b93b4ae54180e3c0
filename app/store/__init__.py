"""Asking a published release: a query goes in as text, the answer comes out as frames of bytes.

``Store`` is all the rest of the code knows. The embedded store evaluates in worker processes of its own: the
web process never evaluates a query.
"""

from pathlib import Path

from app.store.answer import ASIDE
from app.store.embedded import EmbeddedStore
from app.store.federation import FederatedStore
from app.store.forwarder import Allowed, Forwarder
from app.store.ledger import STATES, Client, Evaluation, Ledger
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
    ServiceFailed,
    Stopped,
    Store,
    StoreBusy,
    StoreError,
    StoreUnreadable,
)

__all__ = [
    "ASIDE",
    "SOLUTIONS",
    "STATES",
    "TRIPLES",
    "Allowed",
    "Answer",
    "AnswerBroken",
    "Client",
    "DeadlineExceeded",
    "Evaluation",
    "EvaluationFailed",
    "FormatUnfit",
    "Forwarder",
    "GraphUnknown",
    "Ledger",
    "MemoryExceeded",
    "Query",
    "QueryMalformed",
    "QueryRefused",
    "ServiceFailed",
    "Stopped",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnreadable",
    "open_remote",
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
    ledger: Ledger | None = None,
    forwarder: Forwarder | None = None,
) -> Store:
    """The store over the index of a finished release; the limits are those of ``EmbeddedStore``. SERVICE is evaluated where
    there is a ``forwarder``.

    Raises ``StoreUnreadable``.
    """

    def opened(forwarder_port: int = 0) -> EmbeddedStore:
        return EmbeddedStore(
            index,
            workers=workers,
            timeout=timeout,
            memory_mb=memory_mb,
            queue=queue,
            union=union,
            ledger=ledger,
            forwarder_port=forwarder_port,
        )

    if forwarder is None:
        return opened()
    plain = opened()
    try:
        return FederatedStore(plain, opened(forwarder.port), forwarder)
    except StoreUnreadable:
        plain.close()
        raise


def open_remote(
    address: str,
    release: str,
    *,
    timeout: float = 30,
    workers: int = 4,
    queue: int = 32,
    ledger: Ledger | None = None,
) -> Store:
    """The store over the SPARQL endpoint at ``address``, which must hold ``release``; the limits are those of
    ``RemoteStore``.

    Raises ``StoreUnreadable``.
    """
    from app.store.endpoint import Endpoint  # half a second of imports that only a remote store needs
    from app.store.remote import RemoteStore

    return RemoteStore(
        Endpoint(address), release, timeout=timeout, workers=workers, queue=queue, ledger=ledger
    )
