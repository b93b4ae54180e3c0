"""``zwfw releases`` and ``zwfw rollback``: what was published when, and going back to it."""

import json
import sys
from pathlib import Path

import click

from app.cli.options import UNREADABLE, USAGE, complain_of_disk, current, fail, lang_option, release_option
from app.language import text
from app.release import MANIFEST, Releases


@click.command("releases")
@click.option("--json", "as_json", is_flag=True)
@lang_option
@release_option
def releases_(as_json: bool, lang: str, root: Path) -> None:
    """列出现存的发布 · List the releases that are kept, the newest first, and mark the one in force."""
    releases = Releases(root)
    in_force = releases.current()
    listed = [
        {
            "id": release.id,
            "current": in_force is not None and release.id == in_force.id,
            "made": release.manifest["made"],
            "basedOn": release.manifest["basedOn"],
            "given": release.manifest["given"],
            "regions": len(release.regions),
            "violations": sum(entry["counts"]["Violation"] for entry in release.regions.values()),
        }
        for release in reversed(releases.all())
        if (release.path / MANIFEST).is_file()
    ]
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
        return
    for one in listed:
        said = text(
            "{regions} 个地区，违反 {violations} 处；此次发布：{given}",
            lang,
            regions=one["regions"],
            violations=one["violations"],
            given="、".join(one["given"]) or "—",
        )
        click.echo(f"{'*' if one['current'] else ' '} {one['id']}  {said}")


@click.command()
@click.argument("release", required=False)
@lang_option
@release_option
def rollback(release: str | None, lang: str, root: Path) -> None:
    """退回先前的发布 · Put an earlier release in force: the one named, else the one the current was made from.

    什么都不会删除；服务随即提供它，下一次发布从它开始 · Nothing is deleted; a running server follows, and the next
    publication begins with it.
    """
    releases, before = Releases(root), current(root, lang)
    wanted = release or before.manifest["basedOn"]
    if wanted is None:
        fail(text("{id} 是第一个发布，没有更早的", lang, id=before.id), USAGE)
    target = next((one for one in releases.all() if one.id == wanted), None)
    if target is None or not (target.path / MANIFEST).is_file():
        fail(text("没有完整的发布 {id}；现存的见 zwfw releases", lang, id=wanted), USAGE)
    try:
        with releases.locked(lambda who: click.echo(text("等待 {who} 完成发布……", lang, who=who), err=True)):
            releases.point_to(target)
    except OSError as error:
        complain_of_disk(error, lang)
        sys.exit(UNREADABLE)
    click.echo(text("现在提供的是 {id}（此前是 {before}）", lang, id=target.id, before=before.id))
