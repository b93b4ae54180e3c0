"""Each thing that can be wrong with an installation is found, and the doctor says what to do."""

import fcntl
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from served import publish

from app.cli.releases import rollback
from app.cli.system import doctor_
from app.doctor import Finding, examine
from app.releases.release import CURRENT, LOCK, UNFINISHED, Releases
from app.submissions.tokens import Tokens


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for release in ("20261101T000000Z-00000001", "20261102T000000Z-00000002"):
        folder = publish(tmp_path, release)
        (folder / "dumps").mkdir()
        (folder / "dumps" / "SHA256SUMS").touch()
    return tmp_path


def said(root: Path) -> list[Finding]:
    return [one for one in examine(root, "zh") if one.what in ("发布目录", "当前发布")]


def wrong(root: Path) -> list[str]:
    return [one.said for one in said(root) if not one.is_well and "检索" not in one.said]


def test_a_sound_root_is_said_to_be_sound(root: Path) -> None:
    assert wrong(root) == []


def lose_the_release(root: Path) -> None:
    (root / "releases" / "20261102T000000Z-00000002").rename(root / "lost")


def damage_the_index(root: Path) -> None:
    for file in (root / CURRENT / "index").resolve().iterdir():
        if file.is_file():
            file.write_bytes(b"x")


def open_the_tokens(root: Path) -> None:
    Tokens(root).create("某人", "370600")
    (root / "tokens.json").chmod(0o644)


@pytest.mark.parametrize(
    "damage, says",
    [
        (lambda root: (root / CURRENT).unlink(), "还没有发布"),
        (lose_the_release, "zwfw rollback 改指现有的发布：20261101T000000Z-00000001"),
        (damage_the_index, "StoreUnreadable"),
        (open_the_tokens, "chmod 600"),
    ],
    ids=["no pointer", "lost release", "damaged index", "readable tokens"],
)
def test_what_is_wrong_is_found(root: Path, damage: Callable[[Path], object], says: str) -> None:
    damage(root)
    assert says in "\n".join(wrong(root))


def test_what_it_says_of_a_lost_release_helps(root: Path) -> None:
    lose_the_release(root)
    done = CliRunner().invoke(rollback, ["20261101T000000Z-00000001", "--release", str(root)])
    assert done.exit_code == 0, done.output
    current = Releases(root).current()
    assert current is not None and current.id == "20261101T000000Z-00000001" and wrong(root) == []


def test_a_file_system_without_hard_links_or_room_is_found(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2**20})())
    assert any("硬链接" in one for one in wrong(root)) and any(
        "剩余空间 0.0 GB" in one for one in wrong(root)
    )


def test_who_publishes_and_what_a_killed_publisher_left_is_told(root: Path) -> None:
    (root / "releases" / f"{UNFINISHED}123").mkdir()
    assert any(f"{UNFINISHED}123" in one.said for one in said(root))
    with (root / LOCK).open("w", encoding="utf-8") as file:
        file.write("甲 (pid 1)\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        assert any("正在发布：甲 (pid 1)" in one.said for one in said(root))
        assert not any(UNFINISHED in one.said for one in said(root))


@pytest.mark.parametrize("lang, means", [("zh", "可以访问内部网络"), ("en", "could reach the inner network")])
def test_a_system_that_cannot_refuse_sockets_is_warned_of_and_is_no_fault(
    root: Path, monkeypatch: pytest.MonkeyPatch, lang: str, means: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")  # whose calls are not known
    warned = [one for one in examine(root, lang) if "seccomp" in one.said]
    assert [(one.is_well, one.is_warning) for one in warned] == [(True, True)] and means in warned[0].said
    done = CliRunner().invoke(doctor_, ["--release", str(root), "--lang", lang])
    assert any(line.startswith("! ") and means in line for line in done.output.splitlines())


def test_what_it_says_of_the_kernel_is_what_the_kernel_does() -> None:
    """A process says whether it can be confined, is confined, and tries."""
    confined = (
        "import os, socket; from app.processes.confinement import can_forbid_sockets, confine;"
        "said = can_forbid_sockets(); confine(os.getppid(), 1024)\n"
        "try: socket.socket()\n"
        "except PermissionError: print(said is True)\n"
        "else: print(said is False)"
    )
    done = subprocess.run([sys.executable, "-c", confined], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_root_that_cannot_be_written_is_found(root: Path) -> None:
    root.chmod(0o555)
    try:
        assert any("不可写" in one for one in wrong(root))
    finally:
        root.chmod(0o755)


def test_a_root_that_is_a_file_is_said_and_what_was_seen_before_an_error_stays(
    root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert any("NotADirectoryError" in one.said for one in examine(file, "zh") if not one.is_well)
