"""How long checking takes, side by side: all rules by the fast engine, its SHACL Core part alone, and pyshacl.

    python bench/check.py --items 1000 [--pyshacl]

Generates a region with planted faults (``bench/regions.py``), reads it once for each run in a process of its own, and
prints the seconds of the check itself, the peak memory of the process and whether results are equal.
"""

import argparse
import datetime
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import names
from app.checking import check, rules
from app.ontology import standards
from app.regions import above, region

ON = datetime.date(2026, 11, 24)


def once(folder: Path, engine: str) -> dict[str, object]:
    """One run: what was found, in which time, with how much memory at most."""
    system, book = standards.load(), rules.load()
    start = time.perf_counter()
    reading = region.read(folder, system)
    ground, _ = above.gather(reading.graph, reading.code, [above.Folders(names.resources("data"), system)])
    beside = ground | system.graph
    read = time.perf_counter() - start
    start = time.perf_counter()
    if engine == "core":
        with check.written(reading.graph | beside) as data:
            found = check.core(data, book.all)
    else:
        found = check.check(reading.graph, beside, book.all, book.prefixes, ON, engine)
    return {
        "seconds": time.perf_counter() - start,
        "read": read,
        "triples": len(reading.graph),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        # Without what a query says beside its results, which the reference engine does not pass on.
        "found": sorted(str(replace(one, expected=())) for one in found) if engine != "core" else [],
    }


def main() -> None:
    """The command line; with ``--one`` a single run, as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--pyshacl", action="store_true", help="the reference engine, too: minutes")
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "ENGINE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(once(Path(given.one[0]), given.one[1])))
        return
    from regions import write

    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "370200", given.items, 40, 1)
        ran = {}
        for engine in ["core", "fast", *(["pyshacl"] if given.pyshacl else [])]:
            command = [sys.executable, __file__, "--one", folder, engine]
            ran[engine] = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout
            )
    print(
        f"| {ran['fast']['triples']:,} triples | seconds | to the fast engine | peak MB |\n|---|---|---|---|"
    )
    for engine, said in ran.items():
        ratio = said["seconds"] / ran["fast"]["seconds"]
        print(f"| {engine} | {said['seconds']:.2f} | {ratio:.2f} | {said['megabytes']:.0f} |")
    print(f"\nReading and gathering what stands above: {ran['fast']['read']:.2f} s.")
    if given.pyshacl:
        print(f"Results equal: {ran['fast']['found'] == ran['pyshacl']['found']}")


if __name__ == "__main__":
    main()
