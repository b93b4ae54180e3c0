"""What is wrong with an installation: the software, the rules, the release root and the release in force."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app import rules, standards
from app.language import text
from app.release import Release, Releases
from app.store import open_store

_PACKAGES = ("pyoxigraph", "shacl", "pyshacl", "rdflib", "flask", "waitress", "python-calamine")


@dataclass(frozen=True)
class Finding:
    """One thing looked at, whether it is well, and what was seen or what to do."""

    what: str
    is_well: bool
    said: str


def examine(root: Path, lang: str) -> list[Finding]:
    """Look at everything; a check that fails becomes a finding, never an exception."""
    checks: list[tuple[str, Callable[[], Iterator[tuple[bool, str]]]]] = [
        (text("运行环境", lang), _software),
        (text("本体与规则", lang), lambda: _system(lang)),
        (text("发布目录", lang), lambda: _root(root, lang)),
    ]
    release = Releases(root).current()
    if release is not None:
        checks.append((text("当前发布", lang), lambda: _release(release, lang)))
    found = []
    for what, look in checks:
        try:
            found += [Finding(what, is_well, said) for is_well, said in look()]
        except Exception as error:  # whatever it is, the doctor's job is to say it
            found.append(Finding(what, False, f"{type(error).__name__}: {error}"))
    return found


def _software() -> Iterator[tuple[bool, str]]:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"
    for name in _PACKAGES:
        try:
            yield True, f"{name} {version(name)}"
        except PackageNotFoundError:
            yield False, f"{name}: pip install -c constraints.txt ."


def _system(lang: str) -> Iterator[tuple[bool, str]]:
    system, book = standards.load(), rules.load()
    kinds, properties = len(set(system.classes.values())), len(system.properties)
    yield (
        kinds > 0,
        text("本体含 {kinds} 个类、{properties} 个属性", lang, kinds=kinds, properties=properties),
    )
    yield bool(book.all), text("规则 {n} 条", lang, n=len(book.all))


def _root(root: Path, lang: str) -> Iterator[tuple[bool, str]]:
    if not root.exists():
        yield True, text("{root} 尚不存在；zwfw publish 会建立它", lang, root=root)
        return
    yield os.access(root, os.W_OK), text("{root} 可写", lang, root=root)
    yield True, text("共 {n} 个发布", lang, n=len(Releases(root).all()))
    if Releases(root).current() is None:
        yield False, text("{root} 下还没有发布；请先运行 zwfw publish", lang, root=root)


def _release(release: Release, lang: str) -> Iterator[tuple[bool, str]]:
    yield release.path.is_dir(), release.id
    faults = list(release.faults())
    said = (
        text("下载文件与校验和一致", lang)
        if not faults
        else text("下载文件已损坏：{files}", lang, files="、".join(faults))
    )
    yield not faults, said
    store = open_store(release.index, workers=1)
    try:
        (row,) = store.select("SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g {} }")
        yield True, text("索引可以打开，含 {n} 个图", lang, n=getattr(row["n"], "value", row["n"]))
    finally:
        store.close()
