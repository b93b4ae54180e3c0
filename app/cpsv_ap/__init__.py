"""Exchange with CPSV-AP, the EU's Core Public Service Vocabulary Application Profile: the mapping is data.

``exports/`` has a CONSTRUCT for each concept of CPSV-AP 3.2.0, ``readings/`` one for each thing that CPSV-AP 2 and 3
say in other parts than we do; what is a matter of words only stands in ``ontology/alignments`` (``zwfw:isReadAs``).
"""

from functools import cache
from pathlib import Path

PROFILE = "http://data.europa.eu/m8g/cpsvap/3.2.0"
"""The profile exported to, and the graph in which an export's queries find what has been exported so far."""


@cache
def queries(folder: str) -> dict[str, str]:
    """The queries of one direction, by name, in a fixed order."""
    files = sorted((Path(__file__).parent / folder).glob("*.rq"))
    return {path.stem: path.read_text("utf-8") for path in files}
