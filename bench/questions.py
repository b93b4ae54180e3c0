"""What it takes to answer the catalogue, every question with its defaults, over a published release.

    python bench/questions.py ROOT [--only Q02 Q04] [--turns 3] [--timeout 120]
    python bench/questions.py ROOT --enlarge OTHER --regions 100

ROOT is a folder that was published into, as ``bench/publish.py --keep`` leaves one. Prints the seconds of the best of the
turns, those of the first, and the rows. Each question is asked through the store, as the web asks it. ``--enlarge`` writes what ROOT has of its regions under the
codes of so many others, prefectures of Shandong and then its counties, straight into an index below OTHER, to be asked
the same way: publishing a hundred regions takes half an hour, and checks what is not asked about here.
"""

import argparse
import io
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app import names
from app.questions import question
from app.store import Query, Store, StoreError, open_store
from app.store.terms import Index, Iri, RdfFormat, serialize

AIM = 2.0
PROVINCE = "37"
CODES = """SELECT ?region { GRAPH ?graph { ?region a <%(def)sCurrentRegion> ; <%(def)shasRegionLevel> <%(level)s> } } ORDER BY ?region"""


def asked(store: Store, text: str) -> tuple[float, int]:
    """Ask once: the seconds until the last byte, and the rows."""
    began = time.perf_counter()
    lines = b"".join(store.answer(Query(text), "text/tab-separated-values").frames).count(b"\n")
    return time.perf_counter() - began, lines - 1


def enlarge(root: Path, other: Path, regions: int) -> None:
    """The index of ``root`` with its regions' graphs repeated under other codes, as the current release of ``other``."""
    source = Index.read_only(str((root / "current" / "index").resolve()))
    codes: list[str] = []
    for level in ("prefecture", "county"):
        asked_for = CODES % {"def": names.DEF, "level": names.concept("region-level", level)}
        found = (row["region"].value[-6:] for row in source.query(asked_for))
        codes += [code for code in found if code.startswith(PROVINCE)]
    graphs = [graph.value for graph in source.named_graphs()]
    stem = names.graph("")
    own = sorted(
        code for graph in graphs if (code := graph.removeprefix(stem)).isdigit() and code != names.NATION
    )

    def quads(chosen: list[str]) -> bytes:
        out = io.BytesIO()
        for graph in chosen:
            serialize(source.quads_for_pattern(None, None, None, Iri(graph)), out, RdfFormat.N_QUADS)
        return out.getvalue()

    index = Index(str(other / "current" / "index"))
    shared = [graph for graph in graphs if graph[-6:] not in own]
    index.bulk_load(quads(shared), format=RdfFormat.N_QUADS)
    texts = [(code, quads([graph for graph in graphs if graph.endswith(code)])) for code in own]
    for number, code in enumerate(codes[:regions]):
        before, text = texts[number % len(texts)]
        text = text.replace(f"/{before[:2]}0000".encode(), f"/{PROVINCE}0000".encode())
        index.bulk_load(text.replace(before.encode(), code.encode()), format=RdfFormat.N_QUADS)
    index.optimize()
    index.flush()
    print(f"{len(index):,} quads")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("root", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--enlarge", type=Path)
    parser.add_argument("--regions", type=int, default=100)
    options = parser.parse_args()
    if options.enlarge:
        (options.enlarge / "current").mkdir(parents=True)
        enlarge(options.root, options.enlarge, options.regions)
        return
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
