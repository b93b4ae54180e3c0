"""What was read of the folders that are to be published, by code."""

from collections.abc import Callable
from pathlib import Path

from app.files.source import Place, Unreadable, refused
from app.processes.pool import Processes
from app.publishing.making import Draft, draft
from app.regions import description
from app.regions.description import SAMPLE

SECONDS_PER_BYTE = 3e-6
"""What reading a table takes: 10⁵ triples from 1 MB of CSV in three seconds."""


class Drafts(dict[str, Draft]):
    """The drafts of regions, which lie in the folder ``work``; ``tell`` is told what is being read."""

    def __init__(self, work: Path, processes: Processes, tell: Callable[..., None]) -> None:
        super().__init__()
        self._work, self._processes, self._tell = work, processes, tell

    def read(self, folders: list[Path], sample: bool) -> None:
        """Read folders, with their samples if so wanted. Raises ``Unreadable`` with all that is wrong with all of them."""
        parts = [
            part
            for folder in folders
            for part in (folder, folder / SAMPLE)
            if part == folder or (sample and (part / description.FILE).is_file())
        ]
        errors = []
        expected = SECONDS_PER_BYTE * sum(file.stat().st_size for part in parts for file in part.glob("*.*"))
        for part in parts:
            self._tell("读取 {folder}", folder=part)
        tasks = [(part, self._work) for part in parts]
        for part, found in zip(parts, self._processes.each(draft, tasks, expected), strict=True):
            if not isinstance(found, Draft):
                errors += found
            elif found.code in self:
                errors.append(refused(Place(str(part)), "地区 {found} 给出了两次", found.code))
            else:
                self[found.code] = found
        if errors:
            raise Unreadable(*errors)
