"""What it takes to index what a release names, and to ask.

    python bench/search.py --regions 100 --items 1000 [--distinct]

One generated region (``bench/regions.py``) is read and dumped, and its dump repeated under other codes: the names are those
of the catalogue, the same in every region. With ``--distinct`` every item has a name of its own, the worst case. Prints
how long indexing takes, how long one region again, the size of the file, and for each query the time to answer it.
"""

import argparse
import gzip
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import search
from app.checking import rules
from app.ontology import standards
from app.regions import region
from app.search import findable
from app.store.terms import literal_forms, ntriples

FIRST = "370100"
QUERIES = (
    "食品经营许可",
    "许可",
    "证",
    "shipinjingying",
    "spjyxk",
    "000101001000",
    "11100",
    "我要办理食品经营许可证需要什么材料",
)
NAME = re.compile(rb'(/ImplementedItem/[^>]+> <[^>]+#name> ")([^"]+)')
TURNS = 5


def dump(scratch: Path, items: int) -> bytes:
    """The N-Triples of a generated region."""
    from regions import write

    folder = scratch / FIRST
    write(folder, FIRST, items, 40, 1)
    return ntriples(literal_forms(region.read_folder(folder, standards.load()).graph))


def renamed(lines: bytes, chance: random.Random) -> bytes:
    """With four characters before the name of every item, so that hardly two are the same."""

    def other(found: re.Match[bytes]) -> bytes:
        return found[1] + "".join(chr(chance.randrange(0x4E00, 0x9000)) for _ in range(4)).encode() + found[2]

    return NAME.sub(other, lines)


def index(path: Path, before: Path | None, dumps: dict[str, Path]) -> float:
    """Have a file made with the rows of these dumps; the seconds it took."""
    start = time.perf_counter()
    with search.writing(path, before) as rows:
        for code, packed in dumps.items():
            rows.replace(code, findable.rows_of((code, packed), standards.load(), rules.load()))
    return time.perf_counter() - start


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--regions", type=int, default=10)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--distinct", action="store_true")
    given = parser.parse_args()
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        lines, dumps = dump(scratch, given.items), dict[str, Path]()
        for number in range(given.regions):
            code = f"{100000 + number}"
            own = lines.replace(FIRST.encode(), code.encode())
            dumps[code] = scratch / f"{code}.nt.gz"
            dumps[code].write_bytes(gzip.compress(renamed(own, chance) if given.distinct else own, 1))
        path, later = scratch / "search.sqlite", scratch / "later.sqlite"
        took = index(path, None, dumps)
        start = time.perf_counter()
        shutil.copyfile(path, scratch / "copy")
        copied = time.perf_counter() - start
        chosen = list(dumps)[len(dumps) // 2]
        text = gzip.decompress(dumps[chosen].read_bytes()).replace("许可".encode(), "核准".encode(), 20)
        dumps[chosen].write_bytes(gzip.compress(text, 1))
        again = index(later, path, {chosen: dumps[chosen]})
        print(
            f"{given.regions * given.items:,} items indexed in {took:.1f} s, {path.stat().st_size / 1e6:.0f} MB;"
        )
        print(f"one region again {again:.2f} s, of which {copied:.2f} s for the copy.\n")
        print("| asked | found | ms |\n|---|---|---|")
        for query in QUERIES:
            times = []
            for _ in range(TURNS):
                start = time.perf_counter()
                with search.Search(later) as opened:
                    answer = opened.ask(query, limit=20)
                times.append(1000 * (time.perf_counter() - start))
            print(
                f"| {query} | {answer.total:,}{' (some of it)' if answer.is_loose else ''} | {statistics.median(times):.1f} |"
            )


if __name__ == "__main__":
    main()
