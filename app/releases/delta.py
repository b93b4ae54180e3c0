"""Change files: the lines that a region's dump gained and lost from one release to another, as sorted N-Triples.

Dumps are sorted, so two of them are merged line by line and never held in memory. The old lines without the removed
ones, merged with the added ones, are the new lines, byte for byte.
"""

import contextlib
import gzip
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from app.releases.release import GZIP_LEVEL, SYNTHETIC, Release, lines_of, write_checksums

ADDED, REMOVED = ".added.nt.gz", ".removed.nt.gz"


def differences(before: Iterable[bytes], after: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """The lines that only one of two sorted sequences has, in order, each with the ending of the file it belongs in."""
    olds, news = iter(before), iter(after)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(olds, None), next(news, None)
        elif old is not None and (new is None or old < new):
            yield REMOVED, old
            old = next(olds, None)
        elif new is not None:
            yield ADDED, new
            new = next(news, None)


def write(
    code: str, before: Path | None, after: Path | None, folder: Path, copy: Callable[[Path, Path], object]
) -> dict[str, int]:
    """Write the two change files of a region, either of which may be empty; how many lines each has.

    Where there is no dump before, or none after, all is added or removed: that file is the dump, by ``copy``.
    """
    mark = SYNTHETIC if any(dump and SYNTHETIC in dump.name for dump in (before, after)) else ""
    paths = {ending: folder / f"{code}{mark}{ending}" for ending in (ADDED, REMOVED)}
    counts = dict.fromkeys(paths, 0)
    with contextlib.ExitStack() as stack:
        files = {}
        for ending, one, other in ((ADDED, before, after), (REMOVED, after, before)):
            if one is None and other is not None:
                copy(other, paths[ending])
            else:
                files[ending] = stack.enter_context(_packing(paths[ending]))
        for ending, line in differences(_lines(before), _lines(after)):
            counts[ending] += 1
            if ending in files:
                files[ending].write(line)
    return {"added": counts[ADDED], "removed": counts[REMOVED]}


def between(old: Release, new: Release, folder: Path) -> dict[str, dict[str, int]]:
    """Write into a folder what leads from one release to another, with ``SHA256SUMS``: of each region whose data differ
    two files; how many lines each has."""
    found = {}
    olds, news = old.regions, new.regions
    for code in sorted({*olds, *news}):
        before, after = olds.get(code), news.get(code)
        if before is None or after is None or before["digest"] != after["digest"]:
            found[code] = write(
                code,
                old.dumps / lines_of(before) if before else None,
                new.dumps / lines_of(after) if after else None,
                folder,
                shutil.copyfile,
            )
    write_checksums(folder, [path.name for path in folder.iterdir()])
    return found


def _lines(dump: Path | None) -> Iterator[bytes]:
    if dump is not None:
        with gzip.open(dump) as file:
            yield from file


@contextlib.contextmanager
def _packing(path: Path) -> Iterator[gzip.GzipFile]:
    """A gzip file without name and time stamp: equal content gives equal bytes."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", GZIP_LEVEL, file, mtime=0) as packed:
        yield packed
