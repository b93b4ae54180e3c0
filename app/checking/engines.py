"""The SHACL engines: ``shacl`` (Rust) and pyshacl, the reference. They read files of N-Triples, so that no literal is
respelt on the way, and a million triples are not held as text besides."""

from pathlib import Path

import pyshacl
import rdflib
import shacl


def fast(data: Path, shapes: Path) -> shacl.Report:
    """What ``shacl`` finds. Raises ``ValueError`` where SHACL forbids what the shapes say."""
    return shacl.Shapes.from_file(str(shapes)).validate_file(str(data))


def reference(data: Path, shapes: Path) -> rdflib.Graph:
    """The validation report of pyshacl."""
    # rdflib would respell literals ("007" → "7"), and with them the values reported.
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        _, report, _ = pyshacl.validate(
            rdflib.Graph().parse(data, format="nt"),
            shacl_graph=rdflib.Graph().parse(shapes, format="nt"),
            inplace=True,
            inference="none",
            advanced=False,
        )
    finally:
        rdflib.NORMALIZE_LITERALS = before
    assert isinstance(report, rdflib.Graph)
    return report
