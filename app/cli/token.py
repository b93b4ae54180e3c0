"""``zwfw token``: who may submit over HTTP, and for which region."""

import datetime
import json
from pathlib import Path

import click

from app.cli.options import USAGE, Date, fail, lang_option, release_option
from app.language import text
from app.submissions.tokens import SCOPES, SUBMIT, Tokens


@click.group("token")
def token_() -> None:
    """管理报送令牌 · Tokens for submitting over HTTP: create, list, revoke."""


@token_.command()
@click.option(
    "--region",
    required=True,
    metavar="CODE",
    help="地区代码，对其下级同样有效 · The region; counts below it, too.",
)
@click.option(
    "--name",
    required=True,
    help="持有人，记入溯源和审计日志 · Whose it is; named in provenance and audit log.",
)
@click.option(
    "--expires", type=Date(), metavar="DATE", help="最后有效日，默认长期有效 · The last day it counts."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=[SUBMIT],
    show_default=True,
    help="用途：报送，经 SPARQL 协议写入（须 serve --writable），或查看和停止查询（地区须为 000000） · What for: submitting, writing by the SPARQL protocols, or seeing and stopping queries (for region 000000).",
)
@lang_option
@release_option
def create(
    region: str,
    name: str,
    expires: datetime.date | None,
    scopes: tuple[str, ...],
    lang: str,
    root: Path,
) -> None:
    """新建一个令牌并显示，仅此一次 · Make a token and show it, once."""
    if not (region.isdecimal() and region.isascii() and len(region) == 6):
        fail(text("“{found}”不是六位行政区划代码", lang, found=region), USAGE)
    if not name.strip():
        fail(text("没有写明持有人", lang), USAGE)
    click.echo(Tokens(root).create(name.strip(), region, expires, set(scopes)))
    click.echo(text("请立即抄存；此后无法再次显示", lang), err=True)


@token_.command("list")
@click.option("--json", "as_json", is_flag=True)
@lang_option
@release_option
def list_(as_json: bool, lang: str, root: Path) -> None:
    """列出令牌 · List the tokens, without their secrets."""
    kept, today = Tokens(root).all(), datetime.date.today()
    if as_json:
        shown = ("id", "name", "region", "scopes", "created", "expires", "revoked")
        click.echo(
            json.dumps(
                [{key: getattr(one, key) for key in shown} for one in kept], ensure_ascii=False, indent=1
            )
        )
        return
    for one in kept:
        state = "有效" if one.counts_on(today) else "已撤销" if one.revoked else "已过期"
        until = one.expires or text("长期", lang)
        click.echo(
            f"{one.id}  {one.region}  {','.join(one.scopes)}  {one.name}  {one.created[:10]} — {until}  {text(state, lang)}"
        )


@token_.command()
@click.argument("identity", metavar="ID")
@lang_option
@release_option
def revoke(identity: str, lang: str, root: Path) -> None:
    """撤销一个令牌，立即生效 · Take a token back, at once."""
    found = Tokens(root).revoke(identity)
    if found is None:
        fail(text("没有编号为 {id} 的令牌；见 zwfw token list", lang, id=identity), USAGE)
    click.echo(text("已撤销 {id}（{name}）", lang, id=found.id, name=found.name))
