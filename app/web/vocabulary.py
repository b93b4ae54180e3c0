"""What terms are called on a page: ours by the ontology, others' by the table here."""

from urllib.parse import unquote

from app import names
from app.checking import rules
from app.language import LANGUAGES, pick
from app.ontology import standards
from app.store.terms import BlankNode, Iri, Literal, Term
from app.web.language import language, say

OTHERS = {
    names.RDF + "type": "类型",
    names.RDFS + "label": "名称",
    names.RDFS + "comment": "说明",
    names.RDFS + "seeAlso": "参见",
    names.RDFS + "subClassOf": "上位类",
    names.RDFS + "subPropertyOf": "上位属性",
    names.RDFS + "domain": "适用于",
    names.RDFS + "range": "取值",
    names.OWL + "sameAs": "同一事物",
    names.OWL + "inverseOf": "逆属性",
    names.OWL + "disjointWith": "与其不相交",
    names.OWL + "equivalentClass": "等价类",
    names.OWL + "hasKey": "标识属性",
    names.OWL + "versionInfo": "版本号",
    names.OWL + "versionIRI": "版本标识",
    names.SKOS + "prefLabel": "首选名称",
    names.SKOS + "altLabel": "其他名称",
    names.SKOS + "definition": "定义",
    names.SKOS + "note": "注",
    names.SKOS + "scopeNote": "使用范围",
    names.SKOS + "notation": "代码",
    names.SKOS + "inScheme": "所在代码表",
    names.SKOS + "broader": "上位概念",
    names.SKOS + "narrower": "下位概念",
    names.SKOS + "exactMatch": "等同于",
    names.SKOS + "closeMatch": "近于",
    names.SKOS + "broadMatch": "对应较宽的概念",
    names.SKOS + "relatedMatch": "与其有关",
    names.SKOS + "historyNote": "沿革",
    names.DCT + "title": "题名",
    names.DCT + "description": "说明",
    names.DCT + "source": "来源",
    names.DCT + "license": "许可",
    names.DCT + "issued": "发布日期",
    names.DCT + "modified": "修改日期",
    names.DCT + "identifier": "编号",
    names.DCT + "created": "形成日期",
    names.DCT + "accessRights": "访问权限",
    names.DCT + "accrualPeriodicity": "更新周期",
    names.DCT + "conformsTo": "符合",
    names.DCT + "creator": "作者",
    names.DCT + "publisher": "发布机构",
    names.DCT + "isPartOf": "属于",
    names.DCT + "replaces": "代替",
    names.DCT + "isReplacedBy": "被代替为",
    names.PROV + "wasDerivedFrom": "来自",
    names.PROV + "wasGeneratedBy": "生成活动",
    names.PROV + "wasAssociatedWith": "执行者",
    names.PROV + "used": "依据",
    names.PROV + "endedAtTime": "完成时间",
    names.PROV + "wasInformedBy": "此前的活动",
    names.PROV + "wasRevisionOf": "修订自",
    names.PROV + "Agent": "执行者",
    names.PROV + "Entity": "实体",
    names.PROV + "Activity": "活动",
    names.PROV + "SoftwareAgent": "软件",
    names.VOID + "triples": "三元组数",
    names.VOID + "distinctSubjects": "主语数",
    names.VOID + "distinctObjects": "宾语数",
    names.VOID + "properties": "所用属性数",
    names.VOID + "property": "属性",
    names.VOID + "propertyPartition": "按属性统计",
    names.VOID + "inDataset": "所属数据集",
    names.VOID + "classPartition": "按类统计",
    names.VOID + "class": "类",
    names.VOID + "entities": "事物数",
    names.SH + "focusNode": "所涉事物",
    names.SH + "resultPath": "所涉属性",
    names.SH + "resultMessage": "要求",
    names.SH + "resultSeverity": "严重程度",
    names.SH + "sourceShape": "形状",
    names.SH + "sourceConstraintComponent": "约束类型",
    names.SH + "value": "现值",
    names.SH + "result": "所含问题",
    names.SH + "conforms": "符合全部形状",
    names.SH + "path": "所涉属性",
    names.SH + "message": "要求",
    names.SH + "severity": "严重程度",
    names.SH + "targetClass": "检查的类",
    names.SH + "targetSubjectsOf": "检查有此属性的事物",
    names.SH + "targetObjectsOf": "检查此属性的值",
    names.SH + "minCount": "至少几个值",
    names.SH + "maxCount": "至多几个值",
    names.SH + "pattern": "格式（正则表达式）",
    names.SH + "NodeShape": "对事物的要求",
    names.SH + "PropertyShape": "对属性的要求",
    names.SH + "ValidationResult": "检查结果",
    names.SH + "ValidationReport": "检查报告",
    names.DCAT + "Dataset": "数据集",
    names.RDF + "PlainLiteral": "文字",
    names.XSD + "string": "字符串",
    names.XSD + "integer": "整数",
    names.XSD + "decimal": "小数",
    names.XSD + "boolean": "是或否",
    names.XSD + "anyURI": "网址",
    names.XSD + "date": "日期",
    names.OWL + "Class": "类",
    names.OWL + "DatatypeProperty": "数据属性",
    names.OWL + "ObjectProperty": "对象属性",
    names.OWL + "AnnotationProperty": "注解属性",
    names.OWL + "TransitiveProperty": "传递属性",
    names.OWL + "SymmetricProperty": "对称属性",
    names.OWL + "AsymmetricProperty": "非对称属性",
    names.OWL + "IrreflexiveProperty": "非自反属性",
    names.OWL + "FunctionalProperty": "单值属性",
    names.OWL + "Ontology": "本体",
    names.SKOS + "ConceptScheme": "代码表",
    names.SKOS + "Concept": "概念",
    names.ORG + "Organization": "组织",
    names.SH + "Shape": "形状",
}
"""Terms of other vocabularies that data, reports and the ontology use, in the words a reader expects."""


def labels(iri: str) -> dict[str, str]:
    """The names by language of anything of the standard system: a term, a code, a standard, a clause, a rule."""
    if iri.startswith(names.RULE):
        # A shape of a rule for one property is named ``rule:<name>.<property>``.
        rule = rules.load().find(names.RULE + iri.removeprefix(names.RULE).partition(".")[0])
        return rule.labels if rule else {}
    return standards.load().labels(Iri(iri))


def term_label(iri: str) -> str:
    """A term in the reader's words: its label, else the name in the table above, else its short form."""
    found = pick(labels(iri), language())
    return found or (say(OTHERS[iri]) if iri in OTHERS else names.shorten(iri))


def written(term: Term | None) -> str:
    """A term as plain text: an IRI or a literal's lexical form, nothing for nothing."""
    return term.value if isinstance(term, Iri | Literal | BlankNode) else "" if term is None else str(term)


def last_of(iri: str) -> str:
    """The readable end of an IRI, for what has no name."""
    return unquote(iri.rstrip("/#").rpartition("#")[2].rpartition("/")[2]) or iri


def in_language(values: list[Term]) -> list[Term]:
    """Of texts those in the reader's language, where there are any; everything else as it is."""
    tags = {value.language[:2] for value in values if isinstance(value, Literal) and value.language}
    wanted = language() if language() in tags else next((tag for tag in LANGUAGES if tag in tags), "")
    return [
        value
        for value in values
        if not (isinstance(value, Literal) and value.language and wanted and value.language[:2] != wanted)
    ]
