"""The SHACL engines: ``shacl`` (Rust) and pyshacl, the reference. Text in N-Triples goes in, so that no literal is
respelt on the way."""

import pyshacl
import rdflib
import shacl


def fast(data: str, shapes: str) -> shacl.Report:
    """What ``shacl`` finds. Raises ``ValueError`` where SHACL forbids what the shapes say."""
    return shacl.Shapes.from_text(shapes, format="ntriples").validate_text(data, format="ntriples")


def reference(data: str, shapes: str) -> rdflib.Graph:
    """The validation report of pyshacl."""
    # rdflib would respell literals ("007" → "7"), and with them the values reported.
    before, rdflib.NORMALIZE_LITERALS = rdflib.NORMALIZE_LITERALS, False
    try:
        _, report, _ = pyshacl.validate(
            rdflib.Graph().parse(data=data, format="nt"),
            shacl_graph=rdflib.Graph().parse(data=shapes, format="nt"),
            inplace=True,
            inference="none",
            advanced=False,
        )
    finally:
        rdflib.NORMALIZE_LITERALS = before
    assert isinstance(report, rdflib.Graph)
    return report
