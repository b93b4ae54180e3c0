"""A region's folder renewed: the files as they were are kept, and who changed them."""

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.files.source import Place, Source, Unreadable
from app.regions import history
from app.regions.history import Change, Correction

AT = datetime.datetime(2026, 11, 25, 8, 0, tzinfo=datetime.UTC)
CHANGE = Change(
    history.RECTIFICATION,
    AT,
    "张三（合成）",
    (Source("整改清单.xlsx", "0" * 64),),
    (Correction(Place("a.csv", "", 2, "名称", "B"), "旧", "新", "f1"),),
)


def test_a_new_version_keeps_the_old_one_and_says_who(tmp_path):
    (tmp_path / "a.csv").write_text("旧", "utf-8")
    (tmp_path / "b.csv").write_text("去", "utf-8")
    history.renew(tmp_path, {"a.csv": "新".encode(), "c.csv": b""}, CHANGE, "", gone=["b.csv"])
    history.renew(tmp_path, {"a.csv": "更新".encode()}, CHANGE, CHANGE.written())
    here = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert here == {
        "a.csv",
        "c.csv",
        "history.jsonl",
        ".lock",
        "originals/20261125T080000Z/a.csv",
        "originals/20261125T080000Z/b.csv",
        "originals/20261125T080000Z-2/a.csv",
    }
    assert (tmp_path / "originals" / "20261125T080000Z-2" / "a.csv").read_text("utf-8") == "新"
    assert history.read(tmp_path) == [CHANGE, CHANGE]


def test_a_version_made_for_another_is_outdated(tmp_path):
    history.renew(tmp_path, {"a.csv": b"1"}, CHANGE, "")
    with pytest.raises(history.Outdated):
        history.renew(tmp_path, {"a.csv": b"2"}, CHANGE, "")
    assert (tmp_path / "a.csv").read_bytes() == b"1"


@pytest.mark.parametrize("line", ["", "{}", "[1]", '{"kind": 1, "at": "x"}', "\u0001"])
def test_a_history_that_was_tampered_with_is_said_with_its_line(tmp_path, line):
    (tmp_path / history.FILE).write_text(f"{CHANGE.written()}\n{line}\n", "utf-8")
    with pytest.raises(Unreadable) as caught:
        history.read(tmp_path)
    assert caught.value.errors[0].place.row == 2


STEPS = 9
"""Two originals kept, three files written out, one sync, three put in their places."""


@pytest.mark.parametrize("step", range(1, STEPS + 3))
def test_cut_short_at_any_step_nothing_is_lost(tmp_path, step):
    """A process killed at its n-th change of the disk leaves each file whole, and the old ones in their place or among
    the originals."""
    folder = tmp_path / "370602"
    folder.mkdir()
    (folder / "a.csv").write_text("旧甲", "utf-8")
    (folder / "b.csv").write_text("旧乙", "utf-8")
    code = f"""
import datetime, os, pathlib, shutil
from app.regions import history
left = [{step}]
def counted(function):
    def counting(*args, **kwargs):
        left[0] -= 1
        if not left[0]:
            os._exit(9)
        return function(*args, **kwargs)
    return counting
for owner, name in ((shutil, "copy2"), (pathlib.Path, "write_bytes"), (pathlib.Path, "replace"), (os, "sync")):
    setattr(owner, name, counted(getattr(owner, name)))
at = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
change = history.Change(history.SUBMISSION, at, "某人")
history.renew(pathlib.Path({str(folder)!r}), {{"a.csv": "新甲".encode(), "b.csv": "新乙".encode()}}, change, "")
"""
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=os.environ | {"PYTHONPATH": str(root)})
    said = {name: (folder / name).read_text("utf-8") for name in ("a.csv", "b.csv")}
    assert set(said.values()) <= {"旧甲", "旧乙", "新甲", "新乙"}
    kept = {path.read_text("utf-8") for path in folder.rglob("originals/*/*.csv")}
    for name, old in (("a.csv", "旧甲"), ("b.csv", "旧乙")):
        assert said[name] == old or old in kept
    assert (done.returncode == 9) == (step <= STEPS)
    # The line is written with the files: at the last of the three that take their places, or not at all.
    assert len(history.read(folder)) == (step > STEPS)
