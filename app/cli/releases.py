"""``zwfw releases`` and ``zwfw rollback``: what was published when, what changed in between, and going back to it."""

import contextlib
import json
import sys
from pathlib import Path

import click

from app.cli.options import (
    UNREADABLE,
    USAGE,
    complain_of_disk,
    current,
    fail,
    lang_option,
    named,
    release_option,
)
from app.language import text
from app.releases import delta
from app.releases.release import MANIFEST, Releases


@click.command("releases")
@click.option(
    "--changes",
    "pair",
    nargs=2,
    metavar="FROM TO",
    help="两个发布之间增减的数据，写入 -o 所给的目录 · What the data gained and lost between two releases, into the folder "
    "-o names; “current” is the one in force.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="新建的目录 · A folder, which must be new or empty.",
)
@click.option("--json", "as_json", is_flag=True)
@lang_option
@release_option
def releases_(
    pair: tuple[str, str] | None, folder: Path | None, as_json: bool, lang: str, root: Path
) -> None:
    """列出现存的发布，或两个发布之间的变化 · List the releases that are kept, the newest first, and mark the one in
    force; or write what changed between two of them.
    """
    if (pair is None) != (folder is None):
        fail(text("--changes 与 -o 须一同给出", lang), USAGE)
    if pair is not None and folder is not None:
        _changes(pair, folder, as_json, lang, root)
        return
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


def _changes(pair: tuple[str, str], folder: Path, as_json: bool, lang: str, root: Path) -> None:
    """Write the change files between two releases and say what is in them."""
    old, new = (current(root, lang) if name == "current" else named(name, lang, root) for name in pair)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            fail(text("目录 {folder} 不是空的；变化文件须写入空目录", lang, folder=folder), USAGE)
        with contextlib.closing(old.hold()), contextlib.closing(new.hold()):
            found = delta.between(old, new, folder)
    except OSError as error:
        fail(
            text("无法写入 {file}：{error}", lang, file=folder, error=error.strerror or str(error)),
            UNREADABLE,
        )
    if as_json:
        click.echo(json.dumps({"from": old.id, "to": new.id, "changes": found}, indent=1))
        return
    for code, counts in found.items():
        click.echo(text("{code}：增加 {added} 行，减少 {removed} 行", lang, code=code, **counts))
    if not found:
        click.echo(text("数据没有变化", lang))


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
    # With one named, the release in force may be lost: this is how to put another in its place.
    wanted = release or before.manifest["basedOn"]
    if wanted is None:
        fail(text("{id} 是第一个发布，没有更早的", lang, id=before.id), USAGE)
    target = named(wanted, lang, root)
    try:
        with releases.locked(lambda who: click.echo(text("等待 {who} 完成发布……", lang, who=who), err=True)):
            releases.point_to(target)
    except OSError as error:
        complain_of_disk(error, lang)
        sys.exit(UNREADABLE)
    click.echo(text("现在提供的是 {id}（此前是 {before}）", lang, id=target.id, before=before.id))
