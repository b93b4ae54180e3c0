"""``zwfw query``: a SPARQL query to the current release."""

import contextlib
import sys
from pathlib import Path

import click

from app.cli.options import VIOLATIONS, current, fail, lang_option, release_option
from app.cli.progress import progress
from app.language import text
from app.store import FormatUnfit, Query, StoreError, open_store

_QUERY_FORMATS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


@click.command()
@click.argument("query_text", metavar="TEXT|-")
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(_QUERY_FORMATS)),
    default=None,
    help="结果格式 · Format of the answer.",
)
@click.option("--json", "as_json", is_flag=True, help="即 --format json · The same as --format json.")
@click.option("--timeout", default=30.0, show_default=True, type=click.FloatRange(min=0.1), metavar="S")
@lang_option
@release_option
def query(query_text: str, form: str | None, as_json: bool, timeout: float, lang: str, root: Path) -> None:
    """查询当前发布的数据 · Ask the current release a SPARQL query; ``-`` reads it from stdin."""
    release = current(root, lang)
    asked = sys.stdin.read() if query_text == "-" else query_text
    media_type = _QUERY_FORMATS.get("json" if as_json else form or "", "")
    with (
        progress() as say,
        contextlib.closing(open_store(release.index, timeout=timeout, workers=1)) as store,
    ):
        say(text("查询……", lang))
        try:
            try:
                answer = store.answer(Query(asked), media_type or _QUERY_FORMATS["csv"])
            except FormatUnfit:
                if media_type:
                    raise
                answer = store.answer(Query(asked))
            for frame in answer.frames:
                sys.stdout.buffer.write(frame)
        except StoreError as error:
            fail(f"{type(error).__name__}: {error}", VIOLATIONS)
    sys.stdout.buffer.flush()
