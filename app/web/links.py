"""IRIs and the addresses under which this service shows them: there and back, exactly.

A key in an IRI is percent-encoded (``names.thing``), and WSGI hands over a decoded path, in which ``%7E`` and the
``~`` that joins the parts of a key look alike. So the path is taken as the client sent it where the server tells,
and otherwise the spellings that decode to it are tried.
"""

import ipaddress
import itertools
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from flask import request

from app import names
from app.web.live import following

HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?")
PORT = re.compile(r":\d+$")

REGION_CODE = re.compile(r"\d{6}(-[a-z]+)?")

TILDES = 4
"""How many ``~`` of a key are tried as joiners and as characters; keys have two or three parts."""

_TERM = names.DEF
_OURS = "%/:@!$&'()*+,;=~-._"
"""What may stand in the path of an IRI of ours as it is (RFC 3986 §3.3), and the mark of what was encoded."""


def address(iri: str) -> str:
    """Where a reader may follow an IRI: ours within this very service, whatever host it runs on; else the IRI
    itself, or nothing where a browser could not follow it."""
    if not iri.startswith(names.BASE):
        return iri if iri.startswith(("http://", "https://")) else ""
    if iri.startswith(_TERM):
        return f"/ontology/term/{iri.removeprefix(_TERM)}"
    path = iri.removeprefix(names.BASE)
    kind, _, rest = path.partition("/")
    match kind:
        case "def":
            return "/ontology"
        case "id":
            return f"/doc/{rest}"
        case "rule":
            return f"/rules/{rest.partition('.')[0]}"  # a shape of a rule is on the rule's page
        case "finding":
            return f"/findings/{rest}"
        case "standard":
            return f"/standards/{rest}"
        case "clause":
            return f"/clauses/{rest}"
        case "graph" | "inferred" if rest in names.SYSTEM_GRAPHS:
            return f"/{rest}"
        case _ if kind in names.GRAPH_KINDS and "/" not in rest:
            return f"/regions/{rest}" + ("#provenance" if kind == "provenance" else "")
        case "question":
            return f"/questions/{rest}"
        case "ontology":
            return f"/{path}"
    return f"/doc/{path}"


def document(iri: str) -> str:
    """The address of the description of an IRI of ours, without suffix."""
    if iri.startswith(_TERM):
        return f"/ontology/term/{iri.removeprefix(_TERM)}"
    path = iri.removeprefix(names.BASE)
    return f"/doc/{path.removeprefix('id/')}"


def home() -> str:
    """The absolute address of this service, without a slash at its end, for what is read away from it: the operator's
    setting, else the address of this request. One that means something on this machine only, or could not stand in
    RDF, is never written: then the names themselves lead here, by their base."""
    if following().settings.public:
        return following().settings.public
    host = request.host
    name = host.rpartition(":")[0] if PORT.search(host) else host
    if not HOST.fullmatch(host) or name == "localhost" or name.endswith(".localhost") or _is_local(name):
        return names.BASE.rstrip("/")
    return f"{request.scheme}://{host}"


def _is_local(name: str) -> bool:
    try:
        address_ = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return address_.is_loopback or address_.is_unspecified


def raw_path() -> str:
    """The path of this request as the client sent it where the server tells, else requoted; without query."""
    sent = str(request.environ.get("REQUEST_URI", "")).partition("?")[0]
    if sent.startswith("http"):  # the absolute form of a proxy
        sent = "/" + sent.split("/", 3)[-1]
    return sent if unquote(sent) == request.path else quote(request.path, safe=_OURS.replace("%", ""))


def spellings(path: str) -> Iterator[str]:
    """The IRIs a path below ``/doc/`` or ``/id/`` may stand for, the likeliest first. ``path`` is percent-encoded."""
    raw = quote(path, safe=_OURS)
    decoded = unquote(path)
    first = decoded.partition("/")[0]
    base = names.BASE + ("id/" if REGION_CODE.fullmatch(first) else "")
    found = [raw, *_by_contract(decoded), quote(decoded, safe="/"), decoded]
    yield from dict.fromkeys(base + one for one in found if names.is_safe_iri(base + one))


def _by_contract(decoded: str) -> Iterator[str]:
    """``<code>/<Class>/<key>`` with the key encoded as ``names.thing`` does, each ``~`` once as joiner and once as
    a character."""
    head, slash, key = "/".join(decoded.split("/", 2)[:2]), decoded.count("/") > 1, decoded.split("/", 2)[-1]
    if not slash:
        return
    parts = [quote(part, safe="") for part in key.split("~")]
    if len(parts) > TILDES + 1:
        yield f"{head}/{'~'.join(parts)}"
        return
    for joiners in itertools.product(("~", "%7E"), repeat=len(parts) - 1):
        joined = "".join(part + joiner for part, joiner in zip(parts, (*joiners, ""), strict=True))
        yield f"{head}/{joined}"
