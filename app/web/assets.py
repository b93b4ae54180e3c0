"""The scripts that the build hook bundled, by the names it gave them; pages do without where there are none."""

import json
from functools import cache
from pathlib import Path

from flask import Response, request, url_for

FOLDER = "dist"
"""Where the bundle lies among the static files."""

MANIFEST = Path(__file__).parent / "static" / FOLDER / "manifest.json"

KEPT_SECONDS = 365 * 24 * 3600
"""A bundled file's name is that of its content, so it may be kept as long as HTTP knows (RFC 9111 suggests a year)."""


@cache
def bundled() -> dict[str, str]:
    """By the name of a script: its file. Empty where nothing was bundled."""
    try:
        told = json.loads(MANIFEST.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return dict(told["files"])


def asset(name: str) -> str:
    """The address of a script, nothing where it is not there."""
    return url_for("static", filename=f"{FOLDER}/{bundled()[name]}") if name in bundled() else ""


def keep(response: Response) -> None:
    """Have browsers keep a bundled file without asking again."""
    if request.endpoint == "static" and (request.view_args or {})["filename"] in _lasting():
        response.cache_control.max_age = KEPT_SECONDS
        response.cache_control.immutable = True


@cache
def _lasting() -> frozenset[str]:
    return frozenset(f"{FOLDER}/{file}" for file in bundled().values())
