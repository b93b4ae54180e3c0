"""What an axiom says, in words: a sentence for each kind of OWL 2, in Chinese or English."""

from collections.abc import Iterable
from dataclasses import dataclass

from app import names
from app.language import text
from app.ontology.axioms import NEGATIVE, Axiom
from app.ontology.facts import TYPE, Facts
from app.store.terms import BlankNode, Iri, Literal, Node, Term, Triple

_OWL, _RDFS = names.OWL, names.RDFS


def said(axiom: Axiom, facts: Facts, lang: str) -> str:
    """An axiom as a sentence in ``lang``; for what has none of its own: what the property of the subject is."""
    return _Speaker(facts, lang).axiom(axiom.stated)


_SENTENCES = {
    _RDFS + "subClassOf": "凡{a}，都是{b}",
    _RDFS + "subPropertyOf": "有{a}，就有同样的{b}",
    _RDFS + "domain": "凡有{a}的，都是{b}",
    _RDFS + "range": "凡{a}的值，都是{b}",
    _OWL + "equivalentClass": "{a}，即{b}",
    _OWL + "equivalentProperty": "{a}，即{b}",
    _OWL + "disjointWith": "没有既是{a}又是{b}的事物",
    _OWL + "complementOf": "{a}就是不属于{b}的一切",
    _OWL + "propertyDisjointWith": "两个事物之间不能既有{a}又有{b}",
    _OWL + "inverseOf": "{a}与{b}互为逆关系",
    _OWL + "sameAs": "{a}与{b}是同一个",
    _OWL + "differentFrom": "{a}与{b}不是同一个",
}
_CHARACTERISTICS = {
    _OWL + "FunctionalProperty": "每个事物至多有一个{a}",
    _OWL + "InverseFunctionalProperty": "同一个{a}只属于一个事物",
    _OWL + "TransitiveProperty": "{a}逐级传递",
    _OWL + "SymmetricProperty": "{a}是相互的",
    _OWL + "AsymmetricProperty": "一方的{a}是另一方，另一方的{a}就不能是这一方",
    _OWL + "ReflexiveProperty": "每个事物的{a}都包括自身",
    _OWL + "IrreflexiveProperty": "没有事物的{a}是自身",
}
_CARDINALITIES = {
    _OWL + "maxCardinality": "至多有 {n} 个{p}的事物",
    _OWL + "minCardinality": "至少有 {n} 个{p}的事物",
    _OWL + "cardinality": "恰有 {n} 个{p}的事物",
    _OWL + "maxQualifiedCardinality": "至多有 {n} 个{p}是{c}的事物",
    _OWL + "minQualifiedCardinality": "至少有 {n} 个{p}是{c}的事物",
    _OWL + "qualifiedCardinality": "恰有 {n} 个{p}是{c}的事物",
}
_VALUES = {
    _OWL + "someValuesFrom": "有{p}是{c}的事物",
    _OWL + "allValuesFrom": "{p}都是{c}的事物",
    _OWL + "hasValue": "{p}为{c}的事物",
}
_COMBINATIONS = {_OWL + "unionOf": "或", _OWL + "intersectionOf": "且", _OWL + "oneOf": "、"}


@dataclass(frozen=True)
class _Speaker:
    facts: Facts
    lang: str

    def axiom(self, stated: Triple) -> str:
        a, predicate, b = self.term(stated.subject), stated.predicate, stated.object
        if predicate.value in _SENTENCES:
            return self._text(_SENTENCES[predicate.value], a=a, b=self.term(b))
        if predicate == TYPE:
            if b == NEGATIVE:
                return self._denial(stated.subject)
            characteristic = _CHARACTERISTICS.get(b.value) if isinstance(b, Iri) else None
            return (
                self._text(characteristic, a=a)
                if characteristic
                else self._text("{a}是{b}", a=a, b=self.term(b))
            )
        if predicate.value == _OWL + "propertyChainAxiom":
            return self._text("{a}的{b}，就是{c}", **self._chain(b), c=a)
        if predicate.value == _OWL + "hasKey":
            return self._text("{b}相同的{a}是同一个", a=a, b=self._listed(self.facts.members(b), "、"))
        return self._text("{a}的{p}是{b}", a=a, p=self.term(predicate), b=self.term(b))

    def _denial(self, node: Node) -> str:
        said = {
            name: self.facts.value(node, Iri(_OWL + part)) or node
            for part, name in (
                ("sourceIndividual", "a"),
                ("assertionProperty", "p"),
                ("targetIndividual", "b"),
            )
        }
        if said["b"] == node:
            said["b"] = self.facts.value(node, Iri(_OWL + "targetValue")) or node
        return self._text("{a}的{p}不是{b}", **{name: self.term(term) for name, term in said.items()})

    def term(self, term: Term) -> str:
        if isinstance(term, Literal):
            return self._text("“{a}”", a=term.value)
        if isinstance(term, BlankNode):
            return self._expression(term)
        if isinstance(term, Iri):
            label = self.facts.label(term, self.lang)
            if not label:
                return self._text("“{a}”", a=names.shorten(term.value))
            # Our terms are known by their labels; of things, two may have the same.
            own = term.value.startswith(names.DEF)
            return self._text("“{a}”" if own else "“{a}”（{iri}）", a=label, iri=names.shorten(term.value))
        return str(term)

    def _expression(self, node: BlankNode) -> str:
        prop = self.facts.value(node, Iri(_OWL + "onProperty"))
        for predicate, message in (_CARDINALITIES | _VALUES).items():
            value = self.facts.value(node, Iri(predicate))
            if prop is not None and value is not None:
                kind = self.facts.value(node, Iri(_OWL + "onClass")) or self.facts.value(
                    node, Iri(_OWL + "onDataRange")
                )
                counted = predicate in _CARDINALITIES
                return self._text(
                    message,
                    p=self.term(prop),
                    n=value.value if isinstance(value, Literal) else "",
                    c=self.term(kind) if counted and kind else "" if counted else self.term(value),
                )
        for predicate, joint in _COMBINATIONS.items():
            head = self.facts.value(node, Iri(predicate))
            if head is not None:
                return self._listed(self.facts.members(head), joint)
        negated = self.facts.value(node, Iri(_OWL + "complementOf"))
        return self._text("不是{c}的事物", c=self.term(negated)) if negated else str(node)

    def _chain(self, head: Term) -> dict[str, str]:
        first, *rest = self.facts.members(head)
        return {"a": self.term(first), "b": self._listed(rest, "、")}

    def _listed(self, terms: Iterable[Term], joint: str) -> str:
        return text(joint, self.lang).join(self.term(term) for term in terms)

    def _text(self, message: str, **values: str) -> str:
        return text(message, self.lang, **values)
