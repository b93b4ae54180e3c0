"""The command line: one module for each concern, joined here.

Exit codes: 0 no violation, 1 violations, 2 usage, 3 unreadable, 4 overtaken by another publication. Results go to stdout, progress and errors to stderr.
"""

from importlib import import_module

import click

__all__ = ["zwfw"]

_COMMANDS = {
    "ask": "ask:ask",
    "check": "check:check_",
    "convert": "check:convert",
    "diff": "diff:diff",
    "doctor": "system:doctor_",
    "explain": "explain:explain",
    "export": "exchange:export",
    "import": "exchange:import_",
    "map": "map:map_",
    "ontology": "ontology:ontology_",
    "publish": "publish:publish",
    "query": "query:query",
    "rectify": "rectify:rectify",
    "releases": "releases:releases_",
    "rollback": "releases:rollback",
    "rules": "system:rules_",
    "serve": "serve:serve",
    "template": "template:template_",
    "token": "token:token_",
}
"""The module of each command and its name there."""


class _Commands(click.Group):
    """A command is imported when it is asked for: what all of them import together takes longer than most of them run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"app.cli.{module}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zwfw", prog_name="zwfw")
def zwfw() -> None:
    """“互联网+政务服务”标准体系：检查、发布、查询地区数据。

    Check, publish and query regional data by the standard system of Internet + government services.
    """
