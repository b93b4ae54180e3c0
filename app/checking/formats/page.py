"""The report as a page in one file: nothing is fetched, it prints, and it can be sent by mail."""

from jinja2 import Environment, PackageLoader

from app import language
from app.checking.formats import wording
from app.checking.report import Report
from app.language import text
from app.ontology.standards import Standards

LISTED_PER_RULE = 1000
"""How many findings of a rule a page lists before it says how many more there are: browsers bear some ten thousand
rows, and nobody reads them."""


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """One page with all reports."""
    environment = Environment(
        loader=PackageLoader("app.checking.formats", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html")

    def say(message: str, **values: object) -> str:
        return text(message, lang, **values)

    return page.render(
        reports=reports,
        standards=standards,
        lang=lang,
        say=say,
        pick=language.pick,
        wording=wording,
        listed=LISTED_PER_RULE,
    ).encode()
