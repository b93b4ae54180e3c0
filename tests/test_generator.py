"""Generated data: clean they break no rule; of faults planted every one is found, and nothing else is reported."""

import datetime
import sys
from pathlib import Path

import pytest

from app import names
from app.checking import report, rules
from app.ontology import standards
from app.regions import above, region

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

import regions

ON = datetime.date(2026, 11, 24)


def found_in(folder: Path, engine: str = "fast") -> set[tuple[str, str]]:
    system = standards.load()
    reading = region.read(folder, system)
    sources = [above.Folders(names.resources("data"), system)]
    ground, _ = above.gather(reading.graph, reading.code, sources)
    judged = report.examine(reading, ground, [], rules.load(), system, ON, engine=engine)
    return {(one.rule.identifier, one.focus.value) for one in judged.findings}


def test_clean_data_break_no_rule(tmp_path):
    regions.write(tmp_path, "370200", 60, 0, 1)
    assert found_in(tmp_path) == set()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_planted_fault_is_found_and_nothing_else(tmp_path, seed):
    planted = regions.write(tmp_path, "370200", 120, 40, seed)
    assert {one.rule for one in planted} == {rule for listed in regions.FAULTS.values() for rule, _ in listed}
    assert found_in(tmp_path) == {(one.rule, one.focus) for one in planted}


def test_both_engines_find_the_same(tmp_path):
    planted = regions.write(tmp_path, "370300", 24, 20, 4)
    assert found_in(tmp_path, "pyshacl") == found_in(tmp_path) == {(one.rule, one.focus) for one in planted}


def test_one_seed_gives_one_content(tmp_path):
    for name in ("a", "b"):
        regions.write(tmp_path / name, "370200", 20, 5, 7)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
