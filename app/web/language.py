"""The language of a page: ``?lang=``, else the cookie, else Accept-Language, else Chinese."""

from urllib.parse import urlencode

from flask import Response, g, render_template, request

from app.language import DEFAULT, LANGUAGES, text
from app.web.passages import marked

COOKIE = "lang"
COOKIE_SECONDS = 365 * 24 * 3600


def language() -> str:
    """The language of this request, one of ``LANGUAGES``."""
    if "language" not in g:  # asked a thousand times by a long page
        g.language = _asked_for()
    chosen: str = g.language
    return chosen


def _asked_for() -> str:
    for choice in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if choice in LANGUAGES:
            return str(choice)
    accepted = request.accept_languages
    # ``en-GB`` asks for English, ``zh-Hans-CN`` for Chinese: the first subtag decides.
    for tag, quality in accepted:
        if quality > 0 and tag.partition("-")[0].lower() in LANGUAGES:
            return tag.partition("-")[0].lower()
    return DEFAULT


def say(message: str, **values: object) -> str:
    """``message`` in the language of this request."""
    return text(message, language(), **values)


def capital(text: str) -> str:
    """``text`` as a heading or a label begins in English, with a capital. What is no plain word at its beginning, such as a
    name in code, stays as it is, and so does Chinese."""
    word = text.partition(" ")[0]
    is_word = word.islower() and word.isascii() and ":" not in word
    return text[0].upper() + text[1:] if is_word and language() == "en" else text


def rendered(template: str, **values: object) -> str:
    """``template`` in the language of this request; what is Chinese on an English page says so."""
    html = render_template(template, **values)
    return html if language() == "zh" else marked(html)


def this_page_in(lang: str) -> str:
    """The address of this page in the other language."""
    pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return f"{request.path}?{urlencode([*pairs, ('lang', lang)])}"


def remember(response: Response) -> Response:
    """Keep a choice made by ``?lang=`` for the pages that follow."""
    if b"lang=" in request.query_string and request.args.get("lang") in LANGUAGES:
        response.set_cookie(
            COOKIE,
            language(),
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
