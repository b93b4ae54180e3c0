"""The command line: one module for each concern, joined here.

Exit codes: 0 no violation, 1 violations, 2 usage, 3 unreadable. Results go to stdout, progress and errors to stderr.
"""

import click

from app.cli import (
    ask,
    check,
    diff,
    exchange,
    explain,
    map,
    ontology,
    publish,
    query,
    rectify,
    releases,
    serve,
    system,
    template,
    token,
)

__all__ = ["zwfw"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zwfw", prog_name="zwfw")
def zwfw() -> None:
    """“互联网+政务服务”标准体系：检查、发布、查询地区数据。

    Check, publish and query regional data by the standard system of Internet + government services.
    """


for command in (
    check.check_,
    check.convert,
    publish.publish,
    rectify.rectify,
    releases.releases_,
    releases.rollback,
    serve.serve,
    query.query,
    ask.ask,
    explain.explain,
    diff.diff,
    exchange.export,
    exchange.import_,
    ontology.ontology_,
    system.rules_,
    system.doctor_,
    template.template_,
    token.token_,
    map.map_,
):
    zwfw.add_command(command)
