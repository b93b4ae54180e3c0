"""``zwfw serve``: pages, dumps and the SPARQL endpoint."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from app import names
from app.cli.options import USAGE, endpoint_of, fail, release_option
from app.language import DEFAULT


def _address(*schemes: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """A check that an option is an absolute address of one of these schemes: it is published as it stands."""

    def checked(_context: click.Context, _option: click.Parameter, value: str) -> str:
        scheme, _, rest = value.partition(":")
        if value and not (scheme in schemes and rest.strip("/") and names.is_safe_iri(value)):
            expected = "、".join(f"{one}:" for one in schemes)
            message = (
                "{value!r}: 应是以 {expected} 开头的地址 · must be an address that begins with one of these"
            )
            raise click.BadParameter(message.format(value=value, expected=expected))
        return value

    return checked


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
    "--service",
    "services",
    multiple=True,
    metavar="URL",
    help="查询可用 SERVICE 引用的 SPARQL 服务，可多次给出，默认一个也不可 · An endpoint that queries may ask by SERVICE; may be "
    "repeated; none by default.",
)
@click.option(
    "--service-timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    metavar="S",
    help="所引用的服务应答的时限（秒） · Seconds for such an endpoint to answer.",
)
@click.option(
    "--grace",
    default=None,
    type=click.FloatRange(min=0),
    metavar="S",
    help="收到 SIGTERM 后等待未完请求的秒数，默认同 --timeout · Seconds for requests under way to end after SIGTERM; by default "
    "those of --timeout.",
)
@click.option(
    "--rate",
    default=1200,
    show_default=True,
    type=click.IntRange(min=0),
    metavar="N",
    help="每个地址每分钟最多的查询、检索和上传次数，须查询数据的网页也计入；0 为不限 · Queries, searches, uploads and pages "
    "that take a query, a minute from one address; 0 for no limit.",
)
@click.option(
    "--proxy",
    default="",
    envvar="ZWFW_PROXY",
    metavar="ADDRESS",
    help="反向代理的地址，信任其 X-Forwarded-* 标头 · The address of a reverse proxy whose X-Forwarded-* headers are believed.",
)
@click.option(
    "--log",
    default="",
    envvar="ZWFW_LOG",
    metavar="FILE",
    help="请求日志，每行一个 JSON；- 为标准错误 · Log of requests, a JSON a line; - for standard error.",
)
@click.option(
    "--store",
    default="",
    envvar="ZWFW_STORE",
    metavar="URL",
    help="由这个 SPARQL 存储回答查询（zwfw publish --to） · Have this SPARQL endpoint answer the queries.",
)
@click.option(
    "--public",
    default="",
    envvar="ZWFW_PUBLIC",
    metavar="URL",
    callback=_address("https", "http"),
    help="外界访问此服务的地址，用于目录和站点地图；默认取自各请求 · The address others know the service by, for its "
    "catalogue and site map; by default that of each request.",
)
@click.option(
    "--contact",
    default="",
    envvar="ZWFW_CONTACT",
    metavar="URI",
    callback=_address("mailto", "tel", "https"),
    help="安全问题联系方式，写入 /.well-known/security.txt · Whom to tell of security problems, e.g. mailto:…",
)
@click.option(
    "--operator",
    default="",
    envvar="ZWFW_OPERATOR",
    metavar="NAME",
    help="运营单位的名称，作为数据目录的发布者 · The body that runs this service, as the publisher of its catalogue.",
)
@click.option(
    "--writable",
    is_flag=True,
    help="允许持有令牌者经 SPARQL 协议写入各地区的数据图，写入即检查并发布 · Let holders of tokens write the regions' data graphs "
    "by the SPARQL protocols; what is written is checked and published.",
)
@click.option(
    "--open-writing",
    is_flag=True,
    help="提供一个空的临时数据集，任何人都可改写，停止即清空；用于教学和符合性测试，只能在本机地址上 · "
    "Serve an empty dataset that anybody may write and that is gone at the end, for teaching and conformance tests; on "
    "loopback addresses only.",
)
def serve(
    root: Path,
    host: str,
    port: int,
    timeout: float,
    memory: int,
    workers: int | None,
    services: tuple[str, ...],
    service_timeout: float,
    grace: float | None,
    rate: int,
    proxy: str,
    log: str,
    store: str,
    public: str,
    contact: str,
    operator: str,
    writable: bool,
    open_writing: bool,
) -> None:
    """提供网页与查询服务 · Serve the pages, dumps and the SPARQL endpoint."""
    from app.web.live import Settings
    from app.web.serve import is_loopback, serve_open
    from app.web.serve import serve as serve_

    if writable and open_writing:
        raise click.UsageError("--writable 不与 --open-writing 并用 · --writable excludes --open-writing")
    if store and services:
        raise click.UsageError("--store 不与 --service 并用 · --store excludes --service")
    if store and (writable or open_writing):
        raise click.UsageError("--store 不与写入并用 · --store excludes writing")
    if store:
        endpoint_of(store, "", DEFAULT)
    settings = Settings(
        timeout=timeout,
        memory_mb=memory,
        workers=workers or os.cpu_count() or 2,
        services=services,
        service_timeout=service_timeout,
        grace=grace,
        rate=rate,
        proxy=proxy,
        log=log,
        writable=writable,
        store=store,
        public=public.rstrip("/"),
        contact=contact,
        operator=operator,
    )
    if open_writing and not is_loopback(host):
        fail("--open-writing 只能用于本机地址，如 127.0.0.1 · is for loopback addresses only", USAGE)
    try:
        if open_writing:
            serve_open(host, port, settings)
        else:
            serve_(root, host, port, settings)
    except OSError as error:
        fail(f"{error.filename or f'{host}:{port}'}: {error.strerror or error}", USAGE)
    except ValueError as error:  # an endpoint that cannot be asked
        fail(str(error), USAGE)
