"""What somebody submits for a region: files that are to become the next version of its folder.

They are unpacked beside the folder, looked at in a confined process, and kept for a while under an identity, so that whoever
sent them can read the report before they count. Publishing them renews the folder under ``sources`` and publishes from it.

The process that looks at them is run as ``python -m app.submissions.submission FOLDER CODE ROOT DATE PARENT_PID`` and
writes JSON.
"""

import contextlib
import datetime
import gzip
import io
import json
import re
import secrets
import shutil
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from app.checking import rules
from app.files import archive, table
from app.files.source import Place, ReadingError, Source, Unreadable, refused
from app.ontology import standards
from app.ontology.standards import Standards
from app.processes import apart
from app.processes.confinement import confine
from app.regions import above, description, history
from app.regions.description import Description
from app.regions.folder import data_files, is_data
from app.regions.history import Change
from app.releases.release import Releases, lines_of
from app.store.terms import Graph, Iri, RdfFormat, parse
from app.submissions.proposal import Judges, propose

MAX_BYTES = 64 * 1024**2
"""Of a submission, packed or not: half of what a single table may have."""

MAX_UNPACKED_BYTES = 512 * 1024**2
"""Of all its files, unpacked."""

MAX_FILES = 200
"""A table for each class with a key is some fifty."""

DEADLINE_SECONDS = 120
"""A million triples take 37 (bench/RESULTS.md)."""

MEMORY_MB = 4096
"""What the process that looks may take; a million triples take a third of it."""

KEPT_SECONDS = 3600
"""How long a submission waits to be published: time to read a report, and not to forget what it was about."""

MOST_WAITING = 3
"""Submissions of one region that wait at once; the oldest gives way."""

LONGEST_NAME = 200
"""Bytes of a file's name; file systems take 255, and a mark comes before it while it is written."""

SOURCES, WAITING = "sources", "submissions"
ARCHIVE = ".zip"
ARCHIVE_TYPES = frozenset({"application/zip", "application/x-zip-compressed"})
_IDENTITY = re.compile(r"[0-9a-f]{32}")
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True)
class Submission:
    """A submission that waits: the folder as it would be, and what it would change."""

    id: str
    code: str
    path: Path
    """Holds ``folder/<code>`` and ``submission.json``."""
    by: str
    sources: list[Source]
    names: list[str]
    """The files of the folder that are new or changed."""
    gone: list[str]
    basis: str
    """The version of the folder it was made for."""

    @property
    def folder(self) -> Path:
        """The region's folder as it would be."""
        return self.path / "folder" / self.code


class Submissions:
    """The submissions under a release root, and the folders they are for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._waiting = root / WAITING

    def folder(self, code: str) -> Path:
        """The folder of a region, if anything was ever submitted for it."""
        return self._root / SOURCES / code

    def receive(
        self, code: str, by: str, files: dict[str, bytes], kind: str, system: Standards
    ) -> Submission:
        """Take files in for a region, as those of the table of a class where ``kind`` names one, else as all its data.

        Raises ``Unreadable``.
        """
        self._forget_old(code)
        sources = [Source.of_content(name, content) for name, content in files.items()]
        new, gone = self._as_version(code, _unpacked(files), kind, system)
        path = self._waiting / secrets.token_hex(16)
        found = Submission(
            path.name, code, path, by, sources, sorted(new), sorted(gone), history.version(self.folder(code))
        )
        found.folder.parent.mkdir(parents=True)
        present = self.folder(code)
        if present.is_dir():
            history.copied(present, found.folder, new)
        else:
            found.folder.mkdir()
            for name, content in new.items():
                (found.folder / name).write_bytes(content)
        for name in gone:
            (found.folder / name).unlink()
        kept = {**asdict(found), "path": None}
        (path / "submission.json").write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        return found

    def find(self, code: str, identity: str) -> Submission | None:
        """A submission that waits."""
        path = self._waiting / identity
        if not _IDENTITY.fullmatch(identity) or not (path / "submission.json").is_file():
            return None
        kept = json.loads((path / "submission.json").read_text("utf-8"))
        kept |= {"path": path, "sources": [Source(**one) for one in kept["sources"]]}
        found = Submission(**kept)
        return found if found.code == code else None

    def accept(self, submission: Submission) -> Change:
        """Make a submission the present version of its folder, and forget that it waited. Raises ``Outdated``."""
        files = {name: (submission.folder / name).read_bytes() for name in submission.names}
        change = Change(history.SUBMISSION, _now(), submission.by, tuple(submission.sources))
        history.renew(self.folder(submission.code), files, change, submission.basis, submission.gone)
        self.forget(submission)
        return change

    @contextlib.contextmanager
    def accepted(self, submissions: Iterable[Submission]) -> Iterator[list[Path]]:
        """Submissions accepted, for as long as it takes to publish them: where that raises ``Outdated``, or one of them is,
        the folders have again what they had before, and their history says so."""
        done: list[tuple[Submission, dict[str, bytes], Change]] = []
        try:
            for one in submissions:
                folder = self.folder(one.code)
                replaced = [folder / name for name in {*one.names, *one.gone} if (folder / name).is_file()]
                before = {path.name: path.read_bytes() for path in replaced}
                done.append((one, before, self.accept(one)))
            yield [self.folder(one.code) for one, _, _ in done]
        except history.Outdated:
            for one, before, change in done:
                back = Change(history.TAKEN_BACK, _now(), one.by)
                with contextlib.suppress(history.Outdated):  # what has come since was made for it
                    history.renew(
                        self.folder(one.code), before, back, change.written(), {*one.names} - {*before}
                    )
            raise

    def forget(self, submission: Submission) -> None:
        """Remove a submission that waits no more."""
        shutil.rmtree(submission.path, ignore_errors=True)

    def _forget_old(self, code: str) -> None:
        """Remove those that waited too long, and of a region those that are too many with one more."""
        waiting = sorted(self._waiting.glob("*"), key=lambda path: path.stat().st_mtime, reverse=True)
        of_region = [path for path in waiting if (path / "folder" / code).is_dir()]
        for path in waiting:
            if path in of_region[MOST_WAITING - 1 :] or path.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(path, ignore_errors=True)

    def _as_version(
        self, code: str, files: dict[str, bytes], kind: str, system: Standards
    ) -> tuple[dict[str, bytes], set[str]]:
        """The files as they are to lie in the folder, and those of it they replace. Raises ``Unreadable``."""
        folder = self.folder(code)
        here = {path.name for path in data_files(folder)} if folder.is_dir() else set()
        if description.FILE not in files and not (folder / description.FILE).is_file():
            message = "还没有 {code} 的目录；首次报送请提交含有 region.ttl 的压缩包"
            raise Unreadable(refused(Place(description.FILE), message, code=code))
        if kind:
            return self._table(folder, here, files, kind, system)
        if description.FILE not in files and any(Path(name).suffix.lower() == ".csv" for name in files):
            message = "单独的 CSV 只是一张表；请写明它替换哪一类的表（table），或者提交整个目录的压缩包"
            raise Unreadable(refused(Place(next(iter(files))), message))
        return files, here - set(files)

    def _table(
        self, folder: Path, here: set[str], files: dict[str, bytes], kind: str, system: Standards
    ) -> tuple[dict[str, bytes], set[str]]:
        meant = system.classes.get(kind)
        if meant is None or not system.key_of(meant):
            raise Unreadable(refused(Place(next(iter(files), "")), "没有“{found}”的表格", kind))
        if len(files) != 1 or Path(next(iter(files))).suffix.lower() not in table.TABLES:
            message = "替换一张表时只能提交一个表格文件（{expected}）"
            raise Unreadable(
                refused(Place(next(iter(files), "")), message, expected=" ".join(sorted(table.TABLES)))
            )
        ((name, content),) = files.items()
        described = description.read(folder / description.FILE, system)
        replaced = _tables_of(meant, described, folder, here, system)
        local = meant.value.rpartition("#")[2]
        kept = next((one for one in replaced if Path(one).suffix.lower() == Path(name).suffix.lower()), None)
        return {kept or f"{local}{Path(name).suffix.lower()}": content}, set(replaced) - {kept}


def _tables_of(
    kind: Iri, described: Description, folder: Path, here: set[str], system: Standards
) -> list[str]:
    """The files of a folder that are the table of a class. Raises ``Unreadable`` where it is a sheet among others."""
    declared = {one.file for one in described.tables if one.kind == kind and one.file}
    named = {name for name, one in system.classes.items() if one == kind}
    found = []
    for name in sorted(here):
        is_meant = name in declared or Path(name).stem in named
        sheets = table.sheet_names(folder / name) if Path(name).suffix.lower() in table.TABLES else []
        if len(sheets) > 1 and (is_meant or named & set(sheets)):
            message = "{found} 中有几张表，其中有这一类的；请提交整个工作簿"
            raise Unreadable(refused(Place(name), message, name))
        if is_meant or (len(sheets) == 1 and sheets[0] in named):
            found.append(name)
    return found


def _unpacked(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a submission that are read, by their names; archives unpacked. Raises ``Unreadable``."""
    found: dict[str, bytes] = {}
    for name, content in files.items():
        parts = _of_archive(name, content) if name.lower().endswith(ARCHIVE) else {name: content}
        for part, data in parts.items():
            if part in found:
                raise Unreadable(refused(Place(name), "文件 {found} 给出了两次", part))
            found[part] = data
    wanted = {
        name: content for name, content in found.items() if name == description.FILE or is_data(Path(name))
    }
    if not wanted:
        message = "没有可以读取的文件；可用 {expected} 及其压缩包（.zip）"
        expected = " ".join(sorted(table.TABLES | {".ttl", ".nt", ".jsonld", ".rdf"}))
        raise Unreadable(refused(Place("、".join(files)), message, expected=expected))
    for name in wanted:
        if len(name.encode()) > LONGEST_NAME:
            raise Unreadable(
                refused(Place(name), "文件名太长，超过上限 {limit} 字节", limit=str(LONGEST_NAME))
            )
    if len(wanted) > MAX_FILES:
        raise _too_many(Place("、".join(files)), len(wanted))
    return wanted


def _of_archive(name: str, content: bytes) -> dict[str, bytes]:
    """The files of an archive: those of its one folder, or those it has outside any. Raises ``Unreadable``."""
    place = Place(name)
    try:
        with archive.opened(io.BytesIO(content)) as package:
            entries = {_name_of(one): one for one in package.infolist() if not one.is_dir()}
            entries = {path: one for path, one in entries.items() if not any(junk in path for junk in _JUNK)}
            if len(entries) > 2 * MAX_FILES:
                raise _too_many(place, len(entries))
            tops = {PurePosixPath(path).parts[0] for path in entries}
            if len(tops) == 1 and all("/" in path for path in entries):
                entries = {path.partition("/")[2]: one for path, one in entries.items()}
            nested = sorted(path for path in entries if "/" in path or "\\" in path)
            if nested:
                message = "压缩包内还有下一层目录（{found}）；请把文件放在同一层"
                raise Unreadable(refused(place, message, nested[0]))
            return _read_all(package, entries, place)
    except archive.Locked as error:
        raise Unreadable(refused(place, "压缩包加了密码；请去掉密码后再提交")) from error
    except archive.Broken as error:
        raise Unreadable(refused(place, "不是可以打开的压缩包（{found}）", str(error))) from error


def _too_many(place: Place, number: int) -> Unreadable:
    message = "共有 {found} 个文件，超过上限 {limit} 个"
    return Unreadable(refused(place, message, str(number), limit=str(MAX_FILES)))


def _read_all(
    package: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], place: Place
) -> dict[str, bytes]:
    found, left = {}, MAX_UNPACKED_BYTES
    for path, entry in entries.items():
        with package.open(entry) as file:
            found[path] = file.read(left + 1)
        left -= len(found[path])
        if left < 0:
            raise Unreadable(refused(place, "解压后超过上限 {limit} 字节", limit=str(MAX_UNPACKED_BYTES)))
    return found


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The path of an entry. Where it is not said to be UTF-8, archives made in China have GBK (APPNOTE 4.4.4)."""
    if entry.flag_bits & 0x800:
        return entry.filename
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gbk"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename


# Looking at it


def looked_at(submission: Submission, root: Path) -> dict[str, Any]:
    """The report of what was submitted, judged by today's date, and what it would change, as ``Proposal.said`` has it.
    Raises ``Unreadable``."""
    place = Place("、".join(source.file for source in submission.sources))
    arguments = [
        str(submission.folder.resolve()),
        submission.code,
        str(root.resolve()),
        datetime.date.today().isoformat(),
    ]
    try:
        answer: dict[str, Any] = apart.run("app.submissions.submission", arguments, DEADLINE_SECONDS)
    except apart.TookTooLong as expired:
        message = "{seconds} 秒内没有检查完；请分几次报送，或由管理人员用 zwfw publish 发布"
        raise Unreadable(refused(place, message, seconds=str(DEADLINE_SECONDS))) from expired
    except apart.Ended as ended:
        message = "检查中断，多半是所需内存超过 {mb} MB；请删去空白的行、列和无关的工作表"
        raise Unreadable(refused(place, message, mb=str(MEMORY_MB))) from ended
    if "errors" in answer:
        raise Unreadable(*map(ReadingError.restored, answer["errors"]))
    return answer


def _look(folder: Path, code: str, root: Path, on: datetime.date) -> dict[str, Any]:
    system = standards.load()
    current = Releases(root).current()
    index = current.index if current is not None and current.index.is_dir() else None
    # Nothing lies beside a submission: what stands above it comes from the release in force.
    judges = Judges(system, rules.load(), on, above.sources(folder, None, index, system))
    entry = current.regions.get(code) if current is not None else None
    present, stated = None, Graph()
    if current is not None and entry is not None:
        present = json.loads(current.region_file(code, "report.json").read_bytes())
        lines = gzip.decompress((current.dumps / lines_of(entry)).read_bytes())
        withheld = "\n".join(entry.get("withheld", {}).get("graph", ())).encode()
        stated = _parsed([lines, withheld])
    proposal = propose(folder, present, stated, judges)
    if proposal.reading.code != code:
        message = "region.ttl 说明的是 {found}，报送的是 {expected}"
        raise Unreadable(refused(Place(description.FILE), message, proposal.reading.code, expected=code))
    return proposal.said(judges)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _parsed(texts: Iterable[bytes]) -> Graph:
    return {quad.triple for lines in texts for quad in parse(lines, format=RdfFormat.N_TRIPLES)}


def _main(folder: Path, code: str, root: Path, on: datetime.date, parent: int) -> None:
    confine(parent, MEMORY_MB)
    try:
        answer = _look(folder, code, root, on)
    except Unreadable as unreadable:
        answer = {"errors": [asdict(error) for error in unreadable.errors]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main(
        Path(sys.argv[1]),
        sys.argv[2],
        Path(sys.argv[3]),
        datetime.date.fromisoformat(sys.argv[4]),
        int(sys.argv[5]),
    )
