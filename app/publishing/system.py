"""The graphs of the standard system in a release: ontology, standards, rules and questions, and what follows from them."""

from app.checking.rules import PREFIX_FILE, Rules
from app.ontology.inference import infer
from app.ontology.standards import Standards
from app.questions.question import Questions
from app.store.terms import BlankNode, Graph, Term, Triple, canonical, literal_forms, turtle


def stated(standards: Standards, rules: Rules, questions: Questions) -> dict[str, Graph]:
    """By name: what the files say, with canonical labels for the blank nodes of lists and shapes."""
    graphs = {
        "ontology": standards.terms,
        "standards": standards.documents,
        "rules": rules.graph - standards.graph,
        "questions": questions.graph,
    }
    return {name: literal_forms(canonical(graph)) for name, graph in graphs.items()}


def apart(name: str, graph: Graph) -> Graph:
    """A graph whose blank nodes have no label in common with those of another: canonical labels are the same in all, and
    a dump that holds several graphs would take them for the same nodes."""

    def labelled(term: Term) -> Term:
        return BlankNode(f"{name}-{term.value}") if isinstance(term, BlankNode) else term

    return {Triple(labelled(t.subject), t.predicate, labelled(t.object)) for t in graph}  # type: ignore[arg-type]


def authored(standards: Standards, rules: Rules, questions: Questions) -> dict[str, bytes]:
    """By name: the files as people wrote them, comments and all, one after the other: Turtle may declare a prefix again.
    Questions are written as SPARQL, and are here what these files say, as Turtle."""
    files = {name: standards.part(name) for name in ("ontology", "standards")}
    files["rules"] = [rules.folder / PREFIX_FILE, *rules.files]
    texts = {name: b"\n".join(path.read_bytes() for path in paths) for name, paths in files.items()}
    return {**texts, "questions": turtle(questions.graph)}


def inferred(graphs: dict[str, Graph], standards: Standards) -> dict[str, Graph]:
    """By name: what follows for codes and documents, and is stated nowhere: that a national standard is a standard, which
    clauses a document has."""
    found, known = {}, set[Triple]().union(*graphs.values())
    for name in ("ontology", "standards"):
        found[name] = infer(graphs[name], known, standards) - known
        known |= found[name]
    return found
