"""What a SPARQL text asks for, read from its tokens and without evaluating it.

The engine evaluates whatever it is given: it follows SERVICE over HTTP, into the inner network too, and its
union of graphs silently overrides FROM. So the text is scanned first, by the terminals of SPARQL 1.1 §19.8,
and the text that is scanned is the text that is evaluated. Where the engine's grammar is looser than the
standard's (it wants no space after a keyword: ``SERVICEex:a``, ``FROMex:a``), the scan is as loose; where a
text can be read in two ways (``?a<?b)#>``), it is refused if one of them could hide a SERVICE.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

QUERY_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
UPDATE_FORMS = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")

VOLATILE = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})
"""Functions whose answer differs from one evaluation to the next; a query that uses one is not cached."""

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef"
    "\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = _BASE + "_0-9\u00b7\u0300-\u036f\u203f\u2040"
_LOCAL = rf"(?:[{_NAME}:\-]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?#@%])"
_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"

# Quantifiers are possessive and a name is matched once, with or without its colon: no input makes this
# quadratic.
_TOKEN = re.compile(
    rf"""(?P<space>[\x20\t\r\n]++)
    | (?P<comment>\#[^\r\n]*+)
    | (?P<string>\"\"\"(?:\"{{0,2}}(?:[^"\\]|\\.))*+\"\"\" | '''(?:'{{0,2}}(?:[^'\\]|\\.))*+''')
    | (?P<unclosed>\"\"\" | ''')
    | (?P<short>"(?:[^"\\\r\n]|\\[^\r\n])*+" | '(?:[^'\\\r\n]|\\[^\r\n])*+')
    | (?P<iri><(?:[^\x00-\x20<>"{{}}|^`\\]|{_ESCAPE})*+>)
    | (?P<variable>[?$][{_NAME}]++)
    | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | (?P<word>[{_BASE}](?:[{_NAME}\-]|\.++(?=[{_NAME}\-]))*+)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
# At most one run of dots inside a local name: the engine reads ``ex:a.b.SERVICE`` as ``ex:a.b``, ``.``,
# ``SERVICE``.
_AFTER_COLON = re.compile(rf":(?:(?!-){_LOCAL}++(?:\.++{_LOCAL}++)?)?")
_CODEPOINT = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|.)", re.DOTALL)
_OPERAND = frozenset({"string", "short", "iri", "variable", "language", "word", "name"})
_CLOSING = frozenset({")", "]", "}", ">"})
"""What an operand may end with besides: ``EXISTS { }`` and a triple term, too."""

_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*://")
_SERVICE = re.compile("service", re.IGNORECASE)


class Token(NamedTuple):
    """A piece of the text that is neither space nor comment. ``kind`` is a group of the pattern above, or
    ``name`` for a prefixed name."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Syntax:
    """What a text asks for. ``text`` has its codepoint escapes decoded: evaluate that, not the original."""

    text: str
    form: str
    """One of ``QUERY_FORMS`` or ``UPDATE_FORMS``; empty when the text begins with neither."""
    uses_service: bool
    has_dataset: bool
    """Whether FROM or FROM NAMED says which graphs to look at."""
    is_volatile: bool
    pattern: int
    """Where the first group graph pattern's ``{`` stands (of CONSTRUCT: the template's), or -1."""

    @property
    def is_update(self) -> bool:
        return self.form in UPDATE_FORMS


def decoded(text: str) -> str:
    r"""``text`` with its escapes, ``\u`` and four or ``\U`` and eight hexadecimal digits, replaced by their characters
    (SPARQL 1.1 §19.2, before parsing).

    A doubled backslash is not the beginning of an escape. Raises ``ValueError`` for a number that is no
    character.
    """

    def character(match: re.Match[str]) -> str:
        number = match[1] or match[2]
        if number is None:
            return match[0]
        value = int(number, 16)
        if 0xD800 <= value <= 0xDFFF or value > 0x10FFFF:
            raise ValueError(f"{match[0]} is not a character")
        return chr(value)

    return _CODEPOINT.sub(character, text)


@lru_cache(maxsize=32)
def tokens(text: str) -> tuple[list[Token], bool]:
    """The tokens of a decoded text, and whether another reading of it is possible.

    Two things are ambiguous without the whole grammar: ``<`` after an operand, which may compare or open an
    IRI, where the two readings differ in what is comment or string; and three quotes never closed, which the
    engine may take for an empty string and the beginning of another.

    Remembered for a moment, as in ``read``; nobody changes the list.
    """
    found: list[Token] = []
    ambiguous = False
    position, last = 0, ""
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None and match.lastgroup is not None  # "other" takes anything
        kind, position = match.lastgroup, match.end()
        if kind in ("word", "other") and (kind == "word" or match[0] == ":"):
            start = match.end() if kind == "word" else match.start()
            colon = _AFTER_COLON.match(text, start)
            if colon is not None:
                kind, position = "name", colon.end()
        if kind in ("space", "comment"):
            continue
        token = Token(kind, text[match.start() : position], match.start())
        follows_operand = last in _OPERAND or bool(found and found[-1].text in _CLOSING)
        if kind == "iri" and follows_operand and ("#" in token.text or "'" in token.text):
            ambiguous = ambiguous or not _ABSOLUTE.match(token.text)
        if kind == "unclosed":
            ambiguous = True
        found.append(token)
        # A digit may end an operand too; digits come one by one as "other".
        last = "word" if token.text.isdigit() else kind
    return found, ambiguous


@lru_cache(maxsize=32)
def read(text: str) -> Syntax:
    """What ``text`` asks for. Raises ``ValueError`` when it holds an escape that is no character.

    Remembered for a moment: the web layer asks for the sake of the format, the store for its own.
    """
    text = decoded(text)
    found, ambiguous = tokens(text)
    form, has_dataset, service, pattern = "", False, ambiguous and bool(_SERVICE.search(text)), -1
    prefixes: set[str] = set()
    words: set[str] = set()
    braces = parentheses = 0
    for number, token in enumerate(found):
        following = found[number + 1].text if number + 1 < len(found) else ""
        upper = token.text.upper()
        if token.kind == "word":
            words.add(upper)
            # Also inside a longer word: the engine reads ``trueSERVICE<…>`` as two.
            service = service or "SERVICE" in upper
            form = form or _form(upper)
            has_dataset = has_dataset or (braces == parentheses == 0 and upper.startswith("FROM"))
        elif token.kind == "name":
            prefix = token.text.partition(":")[0]
            declares = number > 0 and found[number - 1].text.upper() == "PREFIX"
            if declares and not form:
                prefixes.add(prefix)
                continue
            glued = prefix not in prefixes or following == "{"
            service = service or (glued and "SERVICE" in prefix.upper() and following == "{")
            if not form and glued:
                form = _form(prefix.upper())
            outside = braces == parentheses == 0
            has_dataset = has_dataset or (glued and outside and prefix.upper().startswith("FROM"))
        elif token.kind == "other":
            braces += {"{": 1, "}": -1}.get(token.text, 0)
            parentheses += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "{" and pattern < 0 and parentheses == 0:
                pattern = token.start
    return Syntax(text, form, service, has_dataset, bool(words & VOLATILE), pattern)


def _form(upper: str) -> str:
    return next((form for form in QUERY_FORMS + UPDATE_FORMS if upper.startswith(form)), "")


@dataclass(frozen=True, slots=True)
class UpdateSyntax:
    """What an update asks for. ``text`` has its codepoint escapes decoded: carry out that, not the original."""

    text: str
    reaches_out: bool
    """Whether LOAD or SERVICE wants something from elsewhere."""
    has_dataset: bool
    """Whether WITH or USING says which graphs to look at."""


def services(text: str) -> list[Token] | None:
    """The addresses a decoded query's SERVICE clauses name, in order, as tokens; None where one is not written out as an IRI,
    where one stands within another (it would be sent on as it is), or where the engine may see a SERVICE that is none by
    the grammar."""
    found, ambiguous = tokens(text)
    addresses: list[Token] = []
    end = 0  # of the SERVICE clause that one is in
    for at, token in enumerate(found):
        upper = token.text.upper()
        if token.kind not in ("word", "name") or "SERVICE" not in upper.partition(":")[0]:
            continue
        group_follows = at + 1 < len(found) and found[at + 1].text == "{"
        if token.kind == "name" and not group_follows:
            continue  # a prefix called so; ``SERVICEex:a {`` is a clause to the engine
        after = at + 2 if at + 1 < len(found) and found[at + 1].text.upper() == "SILENT" else at + 1
        if upper != "SERVICE" or after >= len(found) or found[after].kind != "iri":
            return None
        if token.start < end or after + 1 >= len(found) or found[after + 1].text != "{":
            return None
        addresses.append(found[after])
        end = _closing(found, after + 1)
    return None if ambiguous else addresses


def read_update(text: str) -> UpdateSyntax:
    """What an update asks for. Raises ``ValueError`` as ``read`` does."""
    asked = read(text)
    found, _ = tokens(asked.text)
    words = {found[at].text.upper() for at in _outside(found)}
    return UpdateSyntax(
        asked.text, asked.uses_service or "LOAD" in words, not words.isdisjoint({"WITH", "USING"})
    )


_NAMING = frozenset({"GRAPH", "WITH", "INTO", "TO", "ADD", "MOVE", "COPY"})
_WHOLE = frozenset({"ALL", "NAMED", "DEFAULT"})


def written_graphs(text: str) -> tuple[str, ...] | None:
    """The graphs a decoded update names, in order; nothing where one is named by a variable or a prefix, or where all or the
    default graph are meant. What follows GRAPH counts wherever it stands: more may be named than are written."""
    found, ambiguous = tokens(text)
    graphs: dict[str, None] = {}
    for at, token in enumerate(found):
        upper = token.text.upper()
        if token.kind == "word" and upper in _WHOLE:
            return None
        if token.kind != "word" or upper not in _NAMING:
            continue
        rest = [one for one in found[at + 1 : at + 3] if one.text.upper() not in ("SILENT", "GRAPH")]
        if not rest or rest[0].kind != "iri":
            return None
        graphs[rest[0].text[1:-1]] = None
    return None if ambiguous else tuple(graphs)


def using(text: str, graphs: Iterable[str], named: Iterable[str]) -> str:
    """A decoded update whose patterns look at these graphs (SPARQL 1.1 Protocol §2.2.3): a USING clause before each WHERE.

    ``DELETE WHERE`` has no room for one and is written out.
    """
    clauses = "".join(f"USING <{iri}> " for iri in graphs) + "".join(f"USING NAMED <{iri}> " for iri in named)
    if not clauses:
        return text
    found, _ = tokens(text)
    written, done = "", 0
    for at in _outside(found):
        if found[at].text.upper() != "WHERE":
            continue
        written, done = written + text[done : found[at].start], found[at].start
        if at and found[at - 1].text.upper() == "DELETE" and at + 1 < len(found):
            written += f"{text[found[at + 1].start : _closing(found, at + 1)]} "
        written += clauses
    return written + text[done:]


def _outside(found: list[Token]) -> Iterator[int]:
    """Where in a row of tokens those are that stand in no braces."""
    depth = 0
    for at, token in enumerate(found):
        depth += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "other" else 0
        if depth == 0:
            yield at


def _closing(found: list[Token], at: int) -> int:
    """Where the group ends that begins at token ``at``."""
    depth = 0
    for token in found[at:]:
        depth += {"{": 1, "}": -1}.get(token.text, 0) if token.kind == "other" else 0
        if depth == 0:
            return token.start + len(token.text)
    return found[-1].start + len(found[-1].text)  # it does not end; the engine will say so


def filled(syntax: Syntax, terms: Mapping[str, str]) -> str:
    """The query with variables bound: a one-row VALUES at the head of its pattern, nothing pasted in between.

    ``terms`` maps variable names to terms as an RDF serialiser wrote them. For SELECT and ASK.
    """
    if not terms:
        return syntax.text
    if syntax.form not in ("SELECT", "ASK") or syntax.pattern < 0:
        raise ValueError("variables are bound in SELECT and ASK only")
    names = " ".join(f"?{name}" for name in terms)
    row = " ".join(terms.values())
    at = syntax.pattern + 1
    return f"{syntax.text[:at]} VALUES ({names}) {{ ({row}) }} {syntax.text[at:]}"
