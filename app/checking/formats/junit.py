"""Reports as JUnit XML, which CI services read: a suite for each region, a case for each rule that was applied."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from app import language
from app.checking.report import Report, plain
from app.checking.rules import Rule
from app.language import text
from app.ontology.standards import Standards

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2), and a cell may."""


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """All suites. Violations fail; warnings and information are told in the case's output and fail nothing."""
    root = Element("testsuites", name="zwfw")
    for found in reports:
        by_rule = {rule.key: findings for rule, findings in found.by_rule()}
        suite = SubElement(
            root,
            "testsuite",
            name=_clean(f"{found.code} {language.pick(found.title, lang)}"),
            tests=str(len(found.rules)),
            failures=str(sum(rule.severity == "Violation" for rule, _ in found.by_rule())),
            errors="0",
            skipped="0",
            timestamp=f"{found.on.isoformat()}T00:00:00",
        )
        for rule in found.rules:
            case = SubElement(
                suite,
                "testcase",
                name=_name(rule, lang),
                classname=f"zwfw.{rule.layer}".rstrip("."),
                time="0",
            )
            findings = by_rule.get(rule.key, [])
            lines = [
                "  ".join(
                    filter(
                        None,
                        (
                            one.place.said(lang) if one.place else plain(one.focus),
                            one.label(lang),
                            one.message(lang),
                            one.stated,
                        ),
                    )
                )
                for one in findings
            ]
            if findings and rule.severity == "Violation":
                message = f"{text('{n} 处', lang, n=len(findings))} {standards.citation(rule.clause, lang)}"
                failure = SubElement(case, "failure", message=_clean(message), type=rule.severity)
                failure.text = _clean("\n".join(lines))
            elif findings:
                SubElement(case, "system-out").text = _clean("\n".join(lines))
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _name(rule: Rule, lang: str) -> str:
    return f"{rule.identifier} {language.pick(rule.labels, lang)}".rstrip()


def _clean(said: str) -> str:
    return _NOT_XML.sub("\ufffd", said)
