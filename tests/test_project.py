"""The project's own promises: pinned dependencies, commands the README names, one version, nothing of a machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import zwfw
from app.ontology import standards
from app.questions import question

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def plain(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[A-Za-z0-9._-]+", name)[0]).lower()


def test_every_dependency_is_pinned():
    pinned = {
        plain(line) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if "==" in line
    }
    wanted = [
        *PROJECT["dependencies"],
        *(name for extra in PROJECT["optional-dependencies"].values() for name in extra),
    ]
    assert {plain(name) for name in wanted} - {PROJECT["name"]} <= pinned


def test_one_version_for_standard_and_service():
    assert standards.load().version == PROJECT["version"]
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "make test" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    "document", ["README.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md")))]
)
def test_documents_name_commands_options_and_files_that_exist(document):
    text = (ROOT / document).read_text("utf-8")
    for command, rest in re.findall(r"zwfw ([a-z]+)((?: [^\s#`]+)*)", text):
        if command not in zwfw.commands:
            assert command == "serve" or not rest.startswith(" -"), command
            continue
        path, found = [command], zwfw.commands[command]
        if isinstance(found, click.Group) and rest:
            path.append(rest.split()[0])
            assert path[-1] in found.commands, path
        known = CliRunner().invoke(zwfw, [*path, "--help"]).output
        if command == "ask" and (asked := question.load().find(rest.split()[0])):
            known += "".join(f"--{parameter.name}" for parameter in asked.parameters)
        for option in re.findall(r"--[a-z]{2}[a-z-]*", rest):
            assert option in known or option == "--parameter", (command, option)
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / document).parent.joinpath(link).exists(), link


def test_no_path_of_a_machine_and_no_registry_is_named():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    wrong = re.compile(rb"/(work|root|home)/|pypi\.org|npmjs\.(com|org)|deb\.debian\.org")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            assert not wrong.search(path.read_bytes()), name


@pytest.mark.parametrize("file", sorted((ROOT / "examples" / "deploy").iterdir()), ids=lambda path: path.name)
def test_files_for_deployments_use_options_that_exist(file):
    text = file.read_text("utf-8")
    (command,) = re.findall(r"^(?:ExecStart=\S+/zwfw|CMD) (.*serve.*)$", text, re.MULTILINE)
    known = {option for parameter in zwfw.commands["serve"].params for option in parameter.opts}
    options = re.findall(r"--[a-z-]+", command)
    assert options and set(options) <= known
    variables = set(re.findall(r"\bZWFW_[A-Z]+", text))
    assert variables <= {str(parameter.envvar) for parameter in zwfw.commands["serve"].params}
