"""A page of the service: rendered in the reader's language, with an ETag of its own content, cut into pages."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, request

from app.web.language import language, rendered
from app.web.problem import Problem

PREFLIGHT_SECONDS = "86400"
"""How long a browser may remember what it may ask from another page: a day. What is allowed changes with versions."""


def page(template: str, **values: object) -> Response:
    """``template`` as an answer a browser may keep and has to ask about: a new release may be in force."""
    response = Response(rendered(template, **values), content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language()
    response.vary.update(["Accept-Language", "Cookie"])
    return confirmed(response)


def confirmed(response: Response) -> Response:
    """``response`` with an ETag of its content, or 304 to a client that has the same."""
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


def open_to_all(response: Response) -> Response:
    """What programs read may be asked for by any page on the web (CORS): it is public, and no cookie
    counts."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = (
        "ETag, Link, Content-Location, Content-Range, Retry-After"
    )
    if request.method == "OPTIONS":
        response.headers.setdefault("Access-Control-Allow-Methods", response.headers.get("Allow", ""))
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Accept-Language, Content-Type, If-None-Match"
        )
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return response


def allowing(*methods: str) -> Response:
    """The answer to OPTIONS."""
    return Response(status=204, headers={"Allow": ", ".join(methods)})


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a long list, and the way to its neighbours."""

    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def start(self) -> int:
        """How many entries stand on the pages before."""
        return (self.number - 1) * self.size

    @property
    def stop(self) -> int:
        return min(self.total, self.start + self.size)

    @property
    def neighbours(self) -> dict[str, int]:
        """The other pages, by what they are to this one (RFC 8288)."""
        if self.last == 1:
            return {}
        found = {"first": 1, "prev": self.number - 1, "next": self.number + 1, "last": self.last}
        return {rel: number for rel, number in found.items() if 1 <= number <= self.last}

    def address(self, number: int) -> str:
        """This page's address with another number."""
        pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "page"]
        return f"?{urlencode([*pairs, ('page', number)])}"


def page_number() -> int:
    """The number ``?page=`` gives, 1 where there is none, 0 for what is no number."""
    asked = request.args.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0


def paging(size: int, total: int) -> Paging:
    """The page ``?page=`` asks for. A page that does not exist is not found."""
    found = Paging(page_number(), size, total)
    if not 1 <= found.number <= found.last:
        raise Problem("not-found")
    return found
