"""The command ``zwfw``, also ``python -m app``. Imports nothing but the standard library before it knows it can."""

import sys
from importlib.util import find_spec

_NEEDED = ("click", "pyoxigraph", "flask", "rdflib", "babel")


def main() -> None:
    """Run the command line, or say what is missing and how to get it."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.exit(
            f"缺少软件包：{'、'.join(missing)}。请在项目目录运行 make serve，或 pip install -c constraints.txt .\n"
            f"Missing packages: {', '.join(missing)}. Run `make serve` in the project, or `pip install -c constraints.txt .`"
        )
    from app.cli import zwfw

    zwfw(prog_name="zwfw")


if __name__ == "__main__":
    main()
