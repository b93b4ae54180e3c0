"""Search: one box over all that a release names, by Chinese of any length, pinyin, initials, codes and English words.

A release has one file of it, ``search.sqlite``. FTS5 keeps the tokens that ``app.search.findable`` cuts names into. The same
name in a thousand regions is indexed once; the things that bear it are rows.

The file of the next release is a copy of the one before, and never a hard link, of which only the rows of the graphs made
anew change.
"""

import contextlib
import itertools
import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from app import names
from app.headings.likeness import Name
from app.search.findable import IS_CHINESE, KINDS, Row, runs_of, spoken, written

FILE = "search.sqlite"

FORM = 1
"""The form of the file and of its tokens: a release of another form is indexed anew."""

LONGEST_QUERY = 100
"""Characters of a query that count: more than any name of an item has, and each may cost a look-up."""

SHORTEST_START = 3
"""Characters of a code from which those that begin with them are found: fewer begin half of all codes."""

SECONDS = 5.0
"""How long a question may take. All that is named in a nation is asked in a fraction of it."""

STEPS_BETWEEN_LOOKS = 100_000
"""Instructions of SQLite between two looks at the clock: some milliseconds."""

MOST = 1000
"""How many of what is found can be listed: nobody reads further, and a page further on costs as much as all before it."""

BY_SOUND = 0.3
"""What a match of pinyin is worth against one of the writing."""

_SCHEMA = """
CREATE TABLE made (by TEXT NOT NULL);
CREATE TABLE wording (id INTEGER PRIMARY KEY, said TEXT NOT NULL UNIQUE, plain TEXT NOT NULL, size INTEGER NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (written, spoken, tokenize = 'ascii');
CREATE TABLE thing (
    id INTEGER PRIMARY KEY, graph TEXT NOT NULL, iri TEXT NOT NULL, kind INTEGER NOT NULL, codes TEXT NOT NULL,
    past INTEGER NOT NULL, wording INTEGER NOT NULL
);
CREATE INDEX thing_by_graph ON thing (graph);
CREATE INDEX thing_by_wording ON thing (wording, kind);
CREATE TABLE code (plain TEXT NOT NULL, thing INTEGER NOT NULL, PRIMARY KEY (plain, thing)) WITHOUT ROWID;
"""
# ``ascii`` takes every character beyond ASCII for part of a token: all others know the letters of one version of Unicode,
# in which the rarer characters of place names may be missing.


class Unsearchable(Exception):
    """A release whose search file is missing, is of another form, or is broken."""


class TookTooLong(Exception):
    """A question that took more than ``SECONDS``."""


# What is found


@dataclass(frozen=True)
class Hit:
    """A thing that was found."""

    iri: str
    kind: str
    labels: dict[str, str]
    code: str
    graph: str
    """The code of the region in whose data it stands, or the name of a graph of the standard system."""
    is_past: bool
    """Whether it is no more: a region that was dissolved or renamed."""


@dataclass(frozen=True)
class Answer:
    """What a question found: how much of each kind, and the best of it."""

    counts: dict[str, int]
    hits: list[Hit]
    is_loose: bool
    """Whether nothing has all of what was asked for, so that this has some of it."""

    @property
    def total(self) -> int:
        """How much was found, of all kinds."""
        return sum(self.counts.values())


class Search:
    """The search file of a release, open for reading. Used by one thread, for one request."""

    def __init__(self, path: Path) -> None:
        """Open a file that nobody writes to any more. Raises ``Unsearchable``."""
        if not path.is_file():
            raise Unsearchable(f"no {path.name}")
        try:
            self._file = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None
            )
            try:
                self._file.execute("PRAGMA temp_store = MEMORY")
                if _made_by(self._file) != made_by():
                    raise Unsearchable(f"{path.name} is of another form")
            except BaseException:
                self._file.close()
                raise
        except sqlite3.Error as error:
            raise Unsearchable(f"{path.name}: {error}") from error

    def __enter__(self) -> "Search":
        return self

    def __exit__(self, *_: BaseException | type[BaseException] | TracebackType | None) -> None:
        self._file.close()

    def ask(self, query: str, kind: str = "", start: int = 0, limit: int = MOST) -> Answer:
        """What a text finds, of one kind or of all; of it ``limit`` things from ``start`` on, the likeliest first: the very
        code, the very name, beginnings of codes, beginnings of names, then by how much they have in common. Any text is
        answered. Raises ``TookTooLong`` and ``Unsearchable``."""
        query = query[:LONGEST_QUERY]
        plain, runs = Name.of(query).plain, runs_of(query)
        if not runs:
            return Answer({}, [], False)
        end = time.monotonic() + SECONDS
        self._file.set_progress_handler(lambda: time.monotonic() > end, STEPS_BETWEEN_LOOKS)
        try:
            is_loose = not (counts := self._find(plain, _all_of(runs)))
            if is_loose:
                counts = self._find(plain, _some_of(runs))
            return Answer(counts, self._best(kind, start, limit), is_loose and bool(counts))
        except sqlite3.OperationalError as error:
            if time.monotonic() > end:
                raise TookTooLong from error
            raise Unsearchable(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise Unsearchable(str(error)) from error

    def regions(self, codes: Iterable[str]) -> dict[str, dict[str, str]]:
        """The names of regions in force by language, by code."""
        wanted = sorted(set(codes))
        marks = ", ".join("?" * len(wanted))
        rows = self._file.execute(
            f"""SELECT code.plain, wording.said FROM code JOIN thing ON thing.id = code.thing
                JOIN wording ON wording.id = thing.wording
                WHERE code.plain IN ({marks}) AND thing.kind = ? AND NOT thing.past""",
            [*wanted, KINDS.index("region")],
        )
        return {code: json.loads(said)["labels"] for code, said in rows}

    def graphs(self) -> set[str]:
        """The codes of the graphs that have rows."""
        return {code for (code,) in self._file.execute("SELECT DISTINCT graph FROM thing")}

    def faults(self) -> list[str]:
        """What SQLite finds wrong with the file; it reads all of it."""
        try:
            return [said for (said,) in self._file.execute("PRAGMA quick_check(1)") if said != "ok"]
        except sqlite3.DatabaseError as error:
            return [str(error)]

    def _find(self, plain: str, expression: str) -> dict[str, int]:
        """Collect what is found, for ``_best`` to choose from; how much of each kind."""
        self._file.execute("DROP TABLE IF EXISTS temp.found")
        self._file.execute(_FIND, _values(plain, expression))
        rows = self._file.execute(
            "SELECT kind, count(*) FROM found JOIN thing USING (id) GROUP BY kind ORDER BY kind"
        )
        return {KINDS[kind]: number for kind, number in rows}

    def _best(self, kind: str, start: int, limit: int) -> list[Hit]:
        rows = self._file.execute(
            """SELECT iri, kind, said, codes, graph, past FROM found
            JOIN thing USING (id) JOIN wording ON wording.id = thing.wording
            WHERE :kind IS NULL OR kind = :kind
            ORDER BY tier, past, score, size, kind, graph, iri LIMIT :limit OFFSET :start""",
            {
                "kind": KINDS.index(kind) if kind else None,
                "limit": max(0, min(limit, MOST - start)),
                "start": start,
            },
        )
        return [
            Hit(
                names.BASE + iri,
                KINDS[number],
                json.loads(said)["labels"],
                codes.partition("\n")[0],
                graph,
                bool(past),
            )
            for iri, number, said, codes, graph, past in rows
        ]


_FIND = f"""
CREATE TEMP TABLE found AS
WITH named (wording, tier, score) AS MATERIALIZED (
    SELECT words.rowid,
        CASE WHEN instr(wording.plain, :whole) THEN 1 WHEN instr(wording.plain, :begun) THEN 3 ELSE 4 END,
        bm25(words, 1.0, {BY_SOUND})
    FROM words JOIN wording ON wording.id = words.rowid WHERE words MATCH :expression
),
hit (thing, tier, score) AS (
    SELECT thing.id, named.tier, named.score FROM named JOIN thing ON thing.wording = named.wording
    UNION ALL
    SELECT thing, CASE plain WHEN :plain THEN 0 ELSE 2 END, 0.0 FROM code WHERE plain BETWEEN :plain AND :last
)
SELECT thing AS id, min(tier) AS tier, CASE min(tier) WHEN 4 THEN min(score) END AS score FROM hit GROUP BY thing
"""
"""The best first: the very code, the very name, the beginning of a code, of a name, else by how much is in common."""


def _values(plain: str, expression: str) -> dict[str, Any]:
    """Names are kept plain, each between line breaks; no plain name has one in it."""
    last = plain + chr(0x10FFFF) if len(plain) >= SHORTEST_START else plain
    return {
        "plain": plain,
        "last": last,
        "whole": f"\n{plain}\n",
        "begun": f"\n{plain}",
        "expression": expression,
    }


# Tokens


def _all_of(runs: list[str]) -> str:
    """What has every run, in FTS5's language. In quotes nothing has a meaning of its own, and no run has a quote in it."""
    return " AND ".join(_quoted(run) for run in runs)


def _some_of(runs: list[str]) -> str:
    """What has any two neighbouring characters of a run, or any word."""
    return " OR ".join(dict.fromkeys(_quoted(part) for run in runs for part in _parts(run)))


def _parts(run: str) -> list[str]:
    is_long = len(run) > 2 and IS_CHINESE.match(run)
    return list(map("".join, itertools.pairwise(run))) if is_long else [run]


def _quoted(run: str) -> str:
    """A run as a phrase of its pairs; a single Chinese character or a word as the beginning of a token. A lone letter or
    digit begins too much and stands for itself."""
    if len(run) > 1 and IS_CHINESE.match(run):
        return '"' + " ".join(map("".join, itertools.pairwise(run))) + '"'
    return f'"{run}"' if len(run) == 1 and run.isascii() else f'"{run}"*'


# The file


def made_by() -> str:
    """What the tokens of a file depend on beside the names: the form, and the dictionary of pinyin."""
    return f"{FORM}, pypinyin {version('pypinyin')}"


def _made_by(file: sqlite3.Connection) -> str:
    found = file.execute("SELECT by FROM made").fetchone()
    return str(found[0]) if found else ""


def is_whole(path: Path) -> bool:
    """Whether there is a search file of this form, and SQLite finds nothing wrong with it."""
    try:
        with Search(path) as opened:
            return not opened.faults()
    except Unsearchable:
        return False


@contextlib.contextmanager
def writing(path: Path, before: Path | None) -> Iterator["Rows"]:
    """The search file of a release being made: a copy of the one before, or empty where that cannot be used. Raises
    ``OSError`` where the disk does not take it."""
    is_new = before is None or not is_whole(before)
    if before is not None and not is_new:
        shutil.copyfile(before, path)
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as file:
            # Cut short, the folder it lies in is removed; whole, it is brought to the disk with the rest of the release.
            file.execute("PRAGMA journal_mode = OFF")
            file.execute("PRAGMA synchronous = OFF")
            file.execute("BEGIN")
            if is_new:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    file.execute(statement)
                file.execute("INSERT INTO made VALUES (?)", [made_by()])
            yield Rows(file, is_new)
            file.execute("COMMIT")
    except sqlite3.Error as error:
        raise OSError(f"{path.name}: {error}") from error


@dataclass(frozen=True)
class Rows:
    """What can be found, graph by graph, in a file open for writing."""

    _file: sqlite3.Connection
    is_new: bool
    """Whether nothing was taken over, so that all graphs are missing."""

    def replace(self, graph: str, rows: Iterable[Row]) -> None:
        """Have a graph's rows be these. Rows that stay are not touched."""
        before = dict(self._rows(graph))
        after = set(rows)
        self._remove([id for row, id in before.items() if row not in after])
        for row in sorted(after - before.keys(), key=lambda one: one.iri):
            self._add(graph, row)

    def _rows(self, graph: str) -> Iterator[tuple[Row, int]]:
        rows = self._file.execute(
            """SELECT thing.id, iri, kind, codes, past, said FROM thing
               JOIN wording ON wording.id = thing.wording WHERE graph = ?""",
            [graph],
        )
        for id, iri, kind, codes, past, said in rows:
            yield Row(iri, kind, codes, bool(past), said), id

    def _remove(self, ids: list[int]) -> None:
        """Take out things, and the names that nothing bears any more."""
        for id in ids:
            wording, codes = self._file.execute(
                "SELECT wording, codes FROM thing WHERE id = ?", [id]
            ).fetchone()
            for plain in _plain(codes.split("\n")):
                self._file.execute("DELETE FROM code WHERE plain = ? AND thing = ?", [plain, id])
            self._file.execute("DELETE FROM thing WHERE id = ?", [id])
            if not self._file.execute("SELECT 1 FROM thing WHERE wording = ? LIMIT 1", [wording]).fetchone():
                self._file.execute("DELETE FROM wording WHERE id = ?", [wording])
                self._file.execute("DELETE FROM words WHERE rowid = ?", [wording])

    def _add(self, graph: str, row: Row) -> None:
        thing = [graph, row.iri, row.kind, row.codes, row.past, self._wording(row.said)]
        insert = "INSERT INTO thing (graph, iri, kind, codes, past, wording) VALUES (?, ?, ?, ?, ?, ?)"
        id = self._file.execute(insert, thing).lastrowid
        self._file.executemany(
            "INSERT INTO code VALUES (?, ?)", [(one, id) for one in _plain(row.codes.split("\n"))]
        )

    def _wording(self, said: str) -> int:
        found = self._file.execute("SELECT id FROM wording WHERE said = ?", [said]).fetchone()
        if found:
            return int(found[0])
        kept = json.loads(said)
        texts = [
            *(kept["labels"][lang] for lang in sorted(kept["labels"], reverse=True)),
            *kept["others"],
        ]  # zh first
        plain = _plain(texts)
        both = [*plain, *(one for text in plain[:1] for one in Name.of(text).pinyin if one)]
        id = self._file.execute(
            "INSERT INTO wording (said, plain, size) VALUES (?, ?, ?)",
            [said, "\n".join(["", *both, ""]), len(texts[0])],
        ).lastrowid
        assert id is not None
        tokens = (
            [token for text in texts for token in written(text)],
            sorted(set[str]().union(*map(spoken, texts))),
        )
        columns = [id, *map(" ".join, tokens)]
        self._file.execute("INSERT INTO words (rowid, written, spoken) VALUES (?, ?, ?)", columns)
        return id


def _plain(texts: Iterable[str]) -> list[str]:
    """Texts without width, case and all that is no letter or digit, each once."""
    return [one for one in dict.fromkeys(Name.of(text).plain for text in texts) if one]
