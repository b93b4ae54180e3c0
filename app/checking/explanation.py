"""Why a finding is one, beyond its report: what a thing that conforms has, and how to see it again.

All of it is asked of the release by look-ups that do not grow with the nation.
"""

from dataclasses import dataclass

from app import names
from app.checking.rules import Rule
from app.ontology.standards import Standards
from app.store import Store
from app.store.terms import Iri, Literal, Term

_PREFIXES = f"PREFIX zwfw: <{names.DEF}>\nPREFIX sh: <{names.SH}>\n"

REGION_OF = f"SELECT ?graph WHERE {{ GRAPH ?graph {{ ?finding a <{names.DEF}Finding> }} }} LIMIT 1"
"""The report that has a finding."""

_NEIGHBOUR = (
    _PREFIXES
    + """SELECT ?thing ?name ?value WHERE {
  GRAPH ?data { ?focus a ?kind . ?thing a ?kind ; ?path ?value }
  FILTER (?thing != ?focus && STRSTARTS(STR(?kind), STR(zwfw:)))
  FILTER NOT EXISTS { GRAPH ?report { ?other sh:focusNode ?thing ; zwfw:breaksRule ?rule } }
  OPTIONAL { GRAPH ?data { ?thing zwfw:name ?name } }
} LIMIT 1"""
)


@dataclass(frozen=True)
class Neighbour:
    """A thing of the same class in the same region that keeps the rule, and what it has where the finding is."""

    thing: Iri
    name: str
    value: Term


def neighbour(
    store: Store, code: str, focus: Iri, path: Iri, rule: Rule, standards: Standards
) -> Neighbour | None:
    """A thing beside ``focus`` that has the property ``path`` and no finding of ``rule``, if there is one. Of a derived property
    what it comes from is shown: that a check character is right is nothing to write into a table, the code is."""
    path = next(standards.derived_from(path), path)
    rows = store.select(
        _NEIGHBOUR,
        focus=focus,
        path=path,
        rule=rule.iri,
        data=Iri(names.graph(code)),
        report=Iri(names.graph(code, "report")),
    )
    for row in rows:
        if isinstance(row["thing"], Iri):
            return Neighbour(row["thing"], _text(row.get("name")), row["value"])
    return None


def again(code: str, focus: Iri, path: Iri | None, rule: Rule, standards: Standards) -> str:
    """A query that shows what the rule looked at: the facts of ``focus`` by the properties that the rule's shapes and
    queries name, in both directions."""
    named = rule.terms | ({path} if path else set())
    stated = {one for prop in named for one in (prop, *standards.derived_from(prop))}
    shown = sorted(str(prop) for prop in stated if prop in standards.properties)
    return f"""SELECT ?thing ?property ?value WHERE {{
  VALUES ?property {{
    {" ".join(shown)}
  }}
  {{ GRAPH <{names.graph(code)}> {{ {focus} ?property ?value }} BIND ({focus} AS ?thing) }}
  UNION
  {{ GRAPH <{names.graph(code)}> {{ ?thing ?property {focus} }} BIND ({focus} AS ?value) }}
}}
"""


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, Literal) else ""
