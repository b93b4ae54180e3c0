"""What reports for people say alike, in whatever format: what was checked, how, and how much was found."""

from app import language
from app.checking.report import Finding, Report, plain
from app.checking.rules import SEVERITIES, SEVERITY_NAMES
from app.language import text
from app.regions.reading import MADE_UP


def title(found: Report, lang: str) -> str:
    """What was checked."""
    return text("检查报告：{title}（{code}）", lang, title=language.pick(found.title, lang), code=found.code)


def circumstances(found: Report, lang: str) -> list[str]:
    """What one must know to judge the report, a sentence each; that data are made up first."""
    judged = text(
        "基准日期 {on}，规则版本 {version}，共检查 {n} 个事物",
        lang,
        on=found.on,
        version=found.version,
        n=found.subjects,
    )
    made_up = [text(MADE_UP, lang)] if found.status != "real" else []
    return [judged, *made_up, *(text(note, lang, **values) for note, values in found.notes)]


def total(found: Report, lang: str) -> str:
    """How many findings of each severity."""
    counts = found.counts()
    said = text(
        "违反 {v} 处，警告 {w} 处，提示 {i} 处",
        lang,
        v=counts["Violation"],
        w=counts["Warning"],
        i=counts["Info"],
    )
    others = [f"{name} × {number}" for name, number in counts.items() if name not in SEVERITIES]
    return "，".join([said, *others]) if lang == "zh" else ", ".join([said, *others])


def severity(name: str, lang: str) -> str:
    """A severity as one says it; one that is not SHACL's as it is."""
    return text(SEVERITY_NAMES[name], lang) if name in SEVERITY_NAMES else name


def where(finding: Finding, lang: str) -> str:
    """The cell or row a finding is about, else the thing."""
    return finding.place.said(lang) if finding.place else plain(finding.focus)


def values(finding: Finding, lang: str) -> str:
    """The value found, and what would have been right."""
    said = [text("现为“{value}”", lang, value=finding.stated)] if finding.stated else []
    if finding.expected:
        said.append(text("应为：{value}", lang, value=language.pick(finding.expected, lang)))
    return ("，" if lang == "zh" else ", ").join(said)


def departments(finding: Finding, lang: str) -> str:
    """Who answers for it."""
    return ("、" if lang == "zh" else ", ").join(one.label(lang) for one in finding.departments)


NOBODY = "未写明部门"
"""Stands in tables where no department is named."""
