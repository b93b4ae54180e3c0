"""``zwfw serve``: pages, dumps and the SPARQL endpoint."""

import os
from pathlib import Path

import click

from app.cli.options import USAGE, endpoint_of, fail, release_option
from app.language import DEFAULT


@click.command()
@release_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    metavar="S",
    help="一次查询的时限（秒） · Deadline of a query in seconds.",
)
@click.option(
    "--memory",
    default=2048,
    show_default=True,
    type=click.IntRange(min=256),
    metavar="MB",
    help="查询进程的内存上限 · Memory limit of a query process.",
)
@click.option(
    "--workers",
    default=None,
    type=click.IntRange(min=1),
    metavar="N",
    help="查询进程数，默认为处理器数 · Query processes; by default the number of processors.",
)
@click.option(
    "--store",
    default="",
    envvar="ZWFW_STORE",
    metavar="URL",
    help="由这个 SPARQL 存储回答查询（zwfw publish --to） · Have this SPARQL endpoint answer the queries.",
)
def serve(
    root: Path, host: str, port: int, timeout: float, memory: int, workers: int | None, store: str
) -> None:
    """提供网页与查询服务 · Serve the pages, dumps and the SPARQL endpoint."""
    from app.web.live import Settings
    from app.web.serve import serve as serve_

    if store:
        endpoint_of(store, "", DEFAULT)
    settings = Settings(
        timeout=timeout, memory_mb=memory, workers=workers or os.cpu_count() or 2, store=store
    )
    try:
        serve_(root, host, port, settings)
    except OSError as error:
        fail(f"{host}:{port}: {error.strerror or error}", USAGE)
