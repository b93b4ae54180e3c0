"""What publishing one region costs in a large release: alone, and among so many others.

    python bench/publish.py --regions 100 --items 930 [--root FOLDER]

Generates regions (``bench/regions.py``), publishes them all, then changes one and publishes it again: once in a release
of its own, once in the large one. Prints the seconds of reading, of making that region ready (gathering what stands
above, checking, inferring, writing its dumps) and of the whole publication, and the peak memory. ``--root`` keeps the
large release, and begins with it where it is there already.
"""

import argparse
import datetime
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import names
from app.checking import rules
from app.ontology import standards
from app.publishing.publication import Publisher
from app.regions import region
from app.releases.release import Releases
from app.store.terms import Iri, def_

ON = datetime.date(2026, 11, 24)


def codes(number: int) -> list[str]:
    """Codes of county-level divisions in force, in order."""
    nation = region.read_folder(names.resources("data") / names.NATION, standards.load()).graph
    county = Iri(names.concept("region-level", "county"))
    counties = {t.subject for t in nation if t.predicate == def_("hasRegionLevel") and t.object == county}
    current = {
        t.subject.value[-6:] for t in nation if t.object == def_("CurrentRegion") and t.subject in counties
    }
    return sorted(current)[:number]


def publish(root: Path, folders: list[Path], jobs: int | None) -> dict[str, float]:
    """One publication in this process, with its seconds and its peak memory."""
    start = time.perf_counter()
    done = Publisher(root, standards.load(), rules.load(), ON, lambda line: None, jobs=jobs).publish(folders)
    entries = [done.release.regions[folder.name] for folder in folders]
    return {
        "publication": time.perf_counter() - start,
        "ready": sum(entry["seconds"] for entry in entries),
        "triples": sum(entry["triples"] for entry in done.release.regions.values()),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def apart(root: Path, folders: list[Path], jobs: int | None) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--publish", root, *folders, "--jobs", str(jobs or 0)]
    said = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(said)
    return found


def main() -> None:
    """The command line; with ``--publish`` a single publication, as JSON."""
    from regions import write

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--regions", type=int, default=10)
    parser.add_argument("--items", type=int, default=930)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--publish", nargs="+", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.publish:
        print(json.dumps(publish(given.publish[0], given.publish[1:], given.jobs or None)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = given.root or Path(scratch)
        sources = root / "sources"
        folders = [sources / code for code in codes(given.regions)]
        for number, folder in enumerate(folders):
            if not folder.is_dir():
                folder.mkdir(parents=True)
                write(folder, folder.name, given.items, 40, number)
        large, small = root / "large", Path(scratch) / "small"
        if Releases(large).current() is None:
            made = apart(large, folders, given.jobs or None)
            print(
                f"All {len(folders)} regions: {made['publication']:.0f} s, {made['triples']:,} triples, peak {made['megabytes']:.0f} MB.\n"
            )
        chosen = folders[len(folders) // 2]
        apart(small, [chosen], 1)
        changed = Path(scratch) / chosen.name
        print("| one region again | making it ready, s | whole publication, s | peak MB |\n|---|---|---|---|")
        for turn in (1, 2):
            shutil.copytree(chosen, changed, dirs_exist_ok=True)
            table = changed / "ImplementedItem.csv"
            table.write_text(table.read_text("utf-8").replace("许可", f"许可{turn}", 3), "utf-8")
            for where, release in (("alone", small), (f"among {len(folders)}", large)):
                ran = apart(release, [changed], 1)
                print(f"| {where} | {ran['ready']:.2f} | {ran['publication']:.2f} | {ran['megabytes']:.0f} |")


if __name__ == "__main__":
    main()
