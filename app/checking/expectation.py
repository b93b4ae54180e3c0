"""What would have been right, as far as a rule's shape says so by itself: so many values, one of a list, such a form.

Read from the SHACL Core constraint that a result names. What a query asks, or a shape joined from others, the rule's
sentence says in words.
"""

from app import names
from app.checking.rules import Rule, sh
from app.language import LANGUAGES, text
from app.ontology.facts import Facts
from app.ontology.standards import Standards
from app.store.terms import Iri, Literal, Term

LISTED = 12
"""How many allowed values are named: a code list is longer, and is named as a whole."""

_SENTENCES = {
    "minCount": "至少填 {value} 个值",
    "maxCount": "至多填 {value} 个值",
    "minLength": "不少于 {value} 个字",
    "maxLength": "不超过 {value} 个字",
    "minInclusive": "不小于 {value}",
    "minExclusive": "大于 {value}",
    "maxInclusive": "不大于 {value}",
    "maxExclusive": "小于 {value}",
    "pattern": "符合格式 {value}",
    "hasValue": "{value}",
    "in": "{value} 之一",
    "class": "{value}",
    "equals": "与“{value}”相同",
    "disjoint": "与“{value}”不同",
    "lessThan": "小于“{value}”",
    "lessThanOrEquals": "不大于“{value}”",
}
"""By the parameter of a constraint component."""

_BOOLEAN = Iri(names.XSD + "boolean")


class Expectations:
    """What shapes want in all languages, each worked out once."""

    def __init__(self, standards: Standards) -> None:
        self._standards = standards
        self._known: dict[tuple[Iri, str], dict[str, str]] = {}

    def __call__(self, rule: Rule, shape: Iri, component: str) -> dict[str, str]:
        """By language; empty where the shape does not say."""
        key = (shape, component)
        if key not in self._known:
            said = {lang: expected(rule, shape, component, self._standards, lang) for lang in LANGUAGES}
            self._known[key] = said if any(said.values()) else {}
        return self._known[key]


def expected(rule: Rule, shape: Iri, component: str, standards: Standards, lang: str) -> str:
    """What ``shape`` wants where its constraint ``component`` was broken; empty where that is no single value."""
    name = component.removeprefix(names.SH).removesuffix("ConstraintComponent")
    parameter = name[:1].lower() + name[1:]
    if parameter not in _SENTENCES:
        return ""
    facts = Facts({t for t in rule.graph if t.subject == shape or not isinstance(t.subject, Iri)})
    value = facts.value(shape, sh(parameter))
    if value is None:
        return ""
    if parameter == "maxCount" and isinstance(value, Literal) and value.value == "0":
        return text("不填", lang)
    values = list(facts.members(value)) if parameter == "in" else [value]
    # A computed verdict says nothing to a clerk, who did not write it.
    if len(values) > LISTED or any(isinstance(one, Literal) and one.datatype == _BOOLEAN for one in values):
        return ""
    if parameter == "class" and isinstance(value, Iri) and standards.is_coded(value):
        return text("代码表“{value}”所列的一项", lang, value=_name(value, standards, lang))
    joint = "、" if lang == "zh" else ", "
    return text(_SENTENCES[parameter], lang, value=joint.join(_name(one, standards, lang) for one in values))


def _name(term: Term, standards: Standards, lang: str) -> str:
    if isinstance(term, Iri):
        return standards.label(term, lang) or names.shorten(term.value)
    return term.value if isinstance(term, Literal) else str(term)
