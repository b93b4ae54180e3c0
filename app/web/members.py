"""Several files as one, to read and to seek in, such as the gzip members of a whole dump."""

import bisect
import io
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO


class Members(io.RawIOBase):
    """Files one after the other, from one byte to before another, as one file to read and to seek in; at most one of them
    is open. ``held`` is closed with it."""

    def __init__(
        self,
        files: Iterable[Path],
        sizes: Iterable[int],
        start: int = 0,
        stop: int | None = None,
        held: BinaryIO | None = None,
    ) -> None:
        self._files = list(files)
        self._starts = list(itertools.accumulate(sizes, initial=0))
        self._first, self._length = start, (self._starts[-1] if stop is None else stop) - start
        self._held = held
        self._position = 0
        self._open: tuple[int, io.BufferedReader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the file the position is in; 0 only at the end. Raises ``OSError`` where a file is gone or
        shorter than it was: what is sent must not look whole."""
        if self._position >= self._length:
            return 0
        position = self._first + self._position
        number = bisect.bisect_right(self._starts, position) - 1
        file = self._file(number)
        file.seek(position - self._starts[number])
        left = min(self._starts[number + 1] - position, self._length - self._position)
        read = file.readinto(memoryview(buffer)[:left])
        if not read:
            raise OSError(f"{self._files[number]} ends before it should")
        self._position += read
        return read

    def _file(self, number: int) -> io.BufferedReader:
        if self._open is None or self._open[0] != number:
            self._shut()
            self._open = (number, self._files[number].open("rb"))
        return self._open[1]

    def _shut(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        self._shut()
        if self._held is not None:
            self._held.close()
        super().close()
