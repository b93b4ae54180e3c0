"""How long the first byte of each page takes on the sample data.

    python bench/pages.py [--root FOLDER] [--turns 5]

FOLDER is a release root; without one the regions under ``data`` are published. A server is started, and its links are
followed from the home page until every kind of page has been met. Then the server is started anew: of each kind one page
is asked for once (“first”), and after all of them again (“again”, the median of some turns).
"""

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from serve import free_port, running
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from app.web import Settings, create_app

PREPARING_SECONDS = 3
"""A server reads what its pages share while it answers already; who comes within its first second waits for that."""

LINK = re.compile(r'<a [^>]*href="([^"#]+)')


@contextlib.contextmanager
def service(root: Path) -> Iterator[str]:
    """The address of a server that has answered nothing yet but that it is ready."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "app",
        "serve",
        "--release",
        str(root),
        "--port",
        str(port),
        "--rate",
        "0",
    ]
    with running(command, f"{address}/readyz"):
        yield address


def asked(url: str) -> tuple[float, bytes, str]:
    """Seconds to the first byte, the body and its type."""
    request = urllib.request.Request(url, headers={"Accept": "text/html", "Accept-Language": "zh-CN"})
    began = time.perf_counter()
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        first = answer.read(1)
        took = time.perf_counter() - began
        return took, first + answer.read(), answer.headers.get_content_type()


def pages(root: Path) -> list[str]:
    """The path of one page of each kind, the first that a link leads to."""
    app = create_app(root, Settings(workers=1))
    app.extensions["live"].close()
    urls = app.url_map.bind("127.0.0.1")
    found: dict[tuple[str, bool], str] = {}
    with service(root) as address:
        waiting, seen = deque(["/"]), set[str]()
        while waiting:
            path = waiting.popleft()
            kind = kind_of(path, urls)
            if kind is None or kind in found or path in seen:
                continue
            seen.add(path)
            _, body, media_type = asked(address + path)
            if media_type != "text/html":
                continue
            found[kind] = path
            for link in LINK.findall(body.decode()):
                whole = urlsplit(urljoin(address + path, link.replace("&amp;", "&")))
                if whole.netloc == urlsplit(address).netloc and "lang=" not in whole.query:
                    waiting.append(whole.path + (f"?{whole.query}" if whole.query else ""))
    return list(found.values())


def kind_of(path: str, urls: MapAdapter) -> tuple[str, bool] | None:
    """What answers at a path, and whether it is asked something; nothing where a path leads on, or nowhere."""
    try:
        return urls.match(path.partition("?")[0])[0], "?" in path
    except HTTPException:
        return None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = given.root
        if root is None:
            root = Path(folder)
            data = sorted(path.parent for path in Path("data").glob("*/region.ttl"))
            command = [sys.executable, "-m", "app", "publish", *map(str, data), "--release", str(root)]
            subprocess.run(command, check=False, capture_output=True)
        paths = pages(root)
        with service(root) as address:
            time.sleep(PREPARING_SECONDS)
            first = {path: asked(address + path)[0] for path in paths}
            again = {
                path: statistics.median(asked(address + path)[0] for _ in range(given.turns))
                for path in first
            }
    print("| page | first, ms | again, ms |\n|---|---|---|")
    for path in sorted(first, key=lambda one: -first[one]):
        print(f"| {path} | {first[path] * 1000:.0f} | {again[path] * 1000:.0f} |")


if __name__ == "__main__":
    main()
