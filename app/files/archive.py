"""ZIP archives that others made, workbooks among them: whatever is wrong with one is ``Broken``."""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


class Broken(ValueError):
    """An archive that cannot be read, and why, in the library's words."""


class Locked(Broken):
    """An archive with a password."""


@contextlib.contextmanager
def opened(file: Path | BinaryIO) -> Iterator[zipfile.ZipFile]:
    """An archive to read from. Raises ``Broken`` for whatever is wrong with it, on opening or on reading an entry."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except zipfile.BadZipFile as error:  # no archive, or a check sum that is wrong
        raise Broken(str(error)) from error
    except (zlib.error, EOFError, OSError) as error:  # an entry that is cut off or not what it says it is
        raise Broken(str(error)) from error
    except NotImplementedError as error:  # the library's, no stub: a packing unknown to it, as Deflate64
        raise Broken(str(error)) from error
    except RuntimeError as error:  # all else it raises is for a password
        raise Locked(str(error)) from error
