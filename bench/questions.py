"""What it takes to answer the catalogue, every question with its defaults, over a published release.

    python bench/questions.py ROOT [--only Q02 Q04] [--turns 3] [--timeout 120]

ROOT is a folder that was published into, as ``bench/publish.py --keep`` leaves one. Prints the seconds of the best of the
turns, those of the first, and the rows. Each question is asked through the store, as the web asks it, its rows in CSV.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import question
from app.store import Query, Store, StoreError, open_store

AIM = 2.0


def asked(store: Store, text: str) -> tuple[float, int]:
    """Ask once: the seconds until the last byte, and the rows."""
    began = time.perf_counter()
    lines = b"".join(store.answer(Query(text), "text/tab-separated-values").frames).count(b"\n")
    return time.perf_counter() - began, lines - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=120)
    options = parser.parse_args()
    store = open_store((options.root / "current" / "index").resolve(), workers=1, timeout=options.timeout)
    print("| question | seconds | first | rows |\n|---|---|---|---|")
    over = []
    for one in question.load().all:
        if options.only and one.number not in options.only:
            continue
        text = one.bind({}, "zh")
        try:
            runs = [asked(store, text) for _ in range(options.turns)]
        except StoreError as error:
            print(f"| {one.number} {one.name} | {type(error).__name__} | | |", flush=True)
            over.append(one.number)
            continue
        best = min(seconds for seconds, _ in runs)
        print(f"| {one.number} {one.name} | {best:.2f} | {runs[0][0]:.2f} | {runs[0][1]:,} |", flush=True)
        if best > AIM:
            over.append(one.number)
    store.close()
    print(f"\nAbove {AIM:g} s: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
