"""What passes between a store and its workers.

A request is four bytes of length and JSON. An answer is a row of records, each one byte of kind, four of length and a
payload: frames, then the end or a failure. Without its end an answer is not whole.
"""

import json
import struct
from typing import Any, Protocol

FRAME, END, FAILURE = b"F", b"E", b"X"

MALFORMED, MEMORY, FAILED, UNFIT, UNKNOWN = "malformed", "memory", "failed", "unfit", "unknown"
"""What a failure can be of."""

FRAME_BYTES = 64 * 1024
"""Large enough that a frame's pipe and HTTP overhead vanishes, small enough that the first one leaves early. Only
the last frame of an answer is shorter, so a short one says that the end follows."""


class Readable(Protocol):
    """A pipe that gives as many bytes as asked for, or fewer at its end."""

    def read(self, size: int, /) -> bytes: ...


def request(content: dict[str, Any]) -> bytes:
    """The bytes of a request."""
    message = json.dumps(content).encode()
    return struct.pack(">I", len(message)) + message


def read_request(pipe: Readable) -> dict[str, Any] | None:
    """The next request; None when the pipe has ended."""
    head = pipe.read(4)
    if len(head) < 4:
        return None
    content: dict[str, Any] = json.loads(pipe.read(struct.unpack(">I", head)[0]))
    return content


def record(kind: bytes, payload: bytes = b"") -> bytes:
    """The bytes of a record."""
    return kind + struct.pack(">I", len(payload)) + payload


def read_record(pipe: Readable) -> tuple[bytes, bytes]:
    """The next record, kind and payload. Raises ``EOFError`` when the pipe ends before it does."""
    head = pipe.read(5)
    length = struct.unpack(">I", head[1:])[0] if len(head) == 5 else 0
    payload = pipe.read(length)
    if len(head) < 5 or len(payload) < length:
        raise EOFError
    return head[:1], payload


def failure(kind: str, message: str, line: int = 0, column: int = 0) -> bytes:
    """The payload of a failure."""
    return json.dumps({"kind": kind, "message": message, "line": line, "column": column}).encode()
