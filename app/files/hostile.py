"""What is looked for in a file before an engine reads it that would not survive it: JSON nested so deep that the engine's
stack overflows and the process with it, XML whose entities unfold to gigabytes.
"""

import itertools
import re
from typing import IO
from xml.parsers import expat

DEEPEST = 200
"""Levels of nesting. Documents people write have some twenty; the engine for JSON-LD takes some four kilobytes of stack for
each, ends its process where that is used up, and takes time with the square of the depth before."""

LONGEST_ENTITY = 300
"""Characters of an entity: those that ontologies declare are namespaces."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = b"{}[]"
_OTHERS = bytes(set(range(256)) - set(_BRACKETS))
_STEP = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}


class Hostile(ValueError):
    """A file that is not given to an engine; the message is a Chinese message id, ``limit`` its value."""

    def __init__(self, message: str, limit: int = 0) -> None:
        super().__init__(message)
        self.message, self.limit = message, limit


def check_json(content: bytes) -> None:
    """Raises ``Hostile`` for JSON that is nested too deep."""
    brackets = _STRING.sub(b"", content).translate(None, _OTHERS)
    if max(itertools.accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEEPEST:
        raise Hostile("嵌套超过 {limit} 层", DEEPEST)


def check_xml(file: IO[bytes]) -> None:
    """Raises ``Hostile`` for XML that is nested too deep, or declares entities that refer to others, to files, or are long.

    Raises ``SyntaxError`` for what is no XML.
    """
    parser, depth = expat.ParserCreate(), 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Hostile("嵌套超过 {limit} 层", DEEPEST)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(_name: str, _is_parameter: bool, value: str | None, *_: str | None) -> None:
        if value is None:
            raise Hostile("声明了外部实体；请改为直接写出")
        if "&" in value or "%" in value or len(value) > LONGEST_ENTITY:
            raise Hostile("声明的实体引用了别的实体，或者超过 {limit} 个字符；请改为直接写出", LONGEST_ENTITY)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.EntityDeclHandler = declared
    try:
        parser.ParseFile(file)
    except expat.ExpatError as error:
        raise SyntaxError(expat.ErrorString(error.code), ("", error.lineno, error.offset, None)) from error
