"""What is wrong with an installation: the software, the rules, the release root and the release in force."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app import search
from app.checking import rules
from app.language import text
from app.ontology import standards
from app.processes.confinement import can_forbid_ports, can_forbid_sockets
from app.releases.release import CURRENT, Release, Releases
from app.store import open_store
from app.submissions.tokens import FILE as TOKENS
from app.web.assets import bundled

_PACKAGES = ("pyoxigraph", "shacl", "pyshacl", "rdflib", "flask", "waitress", "python-calamine")


LEAST_BYTES = 1024**3
"""Room that a publication should find even where the release is small."""


WARNING = None
"""Neither well nor wrong: it works, with something less than there could be."""

Seen = Iterator[tuple[bool | None, str]]
"""Whether each thing is well, or ``WARNING``, and what is to be said of it."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at, whether it is well, and what was seen or what to do."""

    what: str
    is_well: bool
    said: str
    is_warning: bool = False
    """Whether it works, but with something less than there could be."""


def examine(root: Path, lang: str) -> list[Finding]:
    """Look at everything; a check that fails becomes a finding, never an exception."""
    checks: list[tuple[str, Callable[[], Seen]]] = [
        (text("运行环境", lang), _software),
        (text("本体与规则", lang), lambda: _system(lang)),
        (text("网页", lang), lambda: _pages(lang)),
        (text("隔离", lang), lambda: _confinement(lang)),
        (text("发布目录", lang), lambda: _root(root, lang)),
    ]
    release = None
    with contextlib.suppress(OSError):  # that there is no such root, the checks will say
        release = Releases(root).current()
    if release is not None and release.path.is_dir():
        checks.append((text("当前发布", lang), lambda: _release(release, lang)))
    found = []
    for what, look in checks:
        try:
            for is_well, said in look():
                found.append(Finding(what, is_well is not False, said, is_well is WARNING))
        except Exception as error:  # whatever it is, the doctor's job is to say it
            found.append(Finding(what, False, f"{type(error).__name__}: {error}"))
    return found


def _software() -> Seen:
    yield sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}"
    for name in _PACKAGES:
        try:
            yield True, f"{name} {version(name)}"
        except PackageNotFoundError:
            yield False, f"{name}: pip install -c constraints.txt ."


def _system(lang: str) -> Seen:
    system, book = standards.load(), rules.load()
    kinds, properties = len(set(system.classes.values())), len(system.properties)
    yield (
        kinds > 0,
        text("本体含 {kinds} 个类、{properties} 个属性", lang, kinds=kinds, properties=properties),
    )
    yield bool(book.all), text("规则 {n} 条", lang, n=len(book.all))


def _pages(lang: str) -> Seen:
    """Whether the scripts are there; without them pages work, too."""
    message = (
        "查询页的编辑器已打包"
        if bundled()
        else "查询页的编辑器没有打包，以文本框代替；装有 Node ≥ 20 时重新安装即可打包"
    )
    yield True if bundled() else WARNING, text(message, lang)


def _root(root: Path, lang: str) -> Seen:
    if not root.exists():
        yield True, text("{root} 尚不存在；zwfw publish 会建立它", lang, root=root)
        return
    may_write = os.access(root, os.W_OK | os.X_OK)
    yield (
        may_write,
        text("{root} 可写" if may_write else "{root} 不可写：请改变其属主或权限", lang, root=root),
    )
    releases = Releases(root)
    yield True, text("共 {n} 个发布", lang, n=len(releases.all()))
    yield from _pointer(releases, lang)
    yield from _publishing(releases, lang)
    if may_write:
        yield from _disk(releases, lang)
    yield from _tokens(root, lang)


def _pointer(releases: Releases, lang: str) -> Seen:
    current = releases.current()
    if current is None:
        yield False, text("{root} 下还没有发布；请先运行 zwfw publish", lang, root=releases.root)
    elif not current.path.is_dir():
        rest = [one.id for one in releases.all()] or "—"
        message = "指针 {pointer} 所指的 {id} 不存在；请用 zwfw rollback 改指现有的发布：{rest}"
        yield False, text(message, lang, pointer=releases.root / CURRENT, id=current.id, rest=rest)


def _publishing(releases: Releases, lang: str) -> Seen:
    """Whether somebody publishes now, and what a publisher that was killed left behind."""
    holder = releases.holder()
    if holder:
        yield True, text("正在发布：{who}", lang, who=holder)
        return
    left = [one.name for one in releases.unfinished()]
    if left:
        yield True, text("未完成的发布 {names}：下一次发布时清除", lang, names=left)


def _disk(releases: Releases, lang: str) -> Seen:
    """Room for one release more, and hard links, without which each is a copy in full and publishing fails."""
    free, current = shutil.disk_usage(releases.root).free, releases.current()
    needed = LEAST_BYTES
    if current is not None and current.path.is_dir():
        needed = max(needed, sum(one.stat().st_size for one in current.path.rglob("*") if one.is_file()))
    said = {"free": f"{free / 2**30:.1f}", "needed": f"{needed / 2**30:.1f}"}
    message = (
        "剩余空间 {free} GB"
        if free >= needed
        else "剩余空间 {free} GB，少于一个发布的 {needed} GB：请腾出空间，或减少 --keep"
    )
    yield free >= needed, text(message, lang, **said)
    with tempfile.TemporaryDirectory(dir=releases.root, prefix=".doctor-") as folder:
        first, second = Path(folder, "a"), Path(folder, "b")
        first.touch()
        try:
            os.link(first, second)
        except OSError as error:
            message = "文件系统不能建立硬链接（{reason}）：发布无法进行，请换用别的文件系统"
            yield False, text(message, lang, reason=error.strerror)


def _tokens(root: Path, lang: str) -> Seen:
    path = root / TOKENS
    if path.exists():
        is_own = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        message = "{path} 只有属主可读" if is_own else "{path} 其他用户也可读取：chmod 600 {path}"
        yield is_own, text(message, lang, path=path)


def _confinement(lang: str) -> Seen:
    """What the kernel can refuse to processes that evaluate what others wrote."""
    if can_forbid_sockets():
        yield True, text("查询进程不能建立套接字（seccomp）", lang)
    else:
        message = (
            "此系统不能禁止查询进程建立套接字（seccomp，需 Linux 和 x86-64 或 ARM64 处理器）：绕过语法检查的查询可以访问内部网络；"
            "请换用支持的系统，或以防火墙禁止运行服务的用户对外连接"
        )
        yield WARNING, text(message, lang)
    if not can_forbid_ports():
        message = "此内核不能按端口限制连接（Landlock，Linux 6.7 起）：用 serve --service 时，绕过语法检查的查询可以访问所列之外的地址"
        yield WARNING, text(message, lang)


def _release(release: Release, lang: str) -> Seen:
    yield release.path.is_dir(), release.id
    faults = list(release.faults())
    said = (
        text("下载文件与校验和一致", lang)
        if not faults
        else text("下载文件已损坏：{files}", lang, files=faults)
    )
    yield not faults, said
    yield _search(release, lang)
    store = open_store(release.index, workers=1)
    try:
        (row,) = store.select("SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g {} }")
        yield True, text("索引可以打开，含 {n} 个图", lang, n=getattr(row["n"], "value", row["n"]))
    finally:
        store.close()


def _search(release: Release, lang: str) -> tuple[bool, str]:
    try:
        with search.Search(release.path / search.FILE) as opened:
            faults, graphs = opened.faults(), len(opened.graphs())
    except search.Unsearchable as reason:
        return False, text("无法检索（{reason}）；运行 zwfw publish 重新生成", lang, reason=reason)
    if faults:
        said = text("检索文件已损坏（{reason}）；运行 zwfw publish 重新生成", lang, reason=faults[0])
        return False, said
    return True, text("检索文件完好，含 {n} 个图中的事物", lang, n=graphs)
