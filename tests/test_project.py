"""The project's own promises: pinned dependencies, commands the README names, one version, nothing of a machine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from served import server

from app.cli import zwfw
from app.ontology import standards
from app.questions import question
from app.web import Settings

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

COMMANDS = {
    name: zwfw.get_command(click.Context(zwfw), name) for name in zwfw.list_commands(click.Context(zwfw))
}


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
        if command not in COMMANDS:
            assert command == "serve" or not rest.startswith(" -"), command
            continue
        path, found = [command], COMMANDS[command]
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


def test_every_command_stands_under_its_own_name():
    assert {name: command.name for name, command in COMMANDS.items()} == {name: name for name in COMMANDS}


def test_a_command_imports_only_what_it_needs():
    asked = "import sys; from app.cli import zwfw; zwfw(['query', '--help'], standalone_mode=False); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "app.cli.query" in run.stdout and not {"flask", "pyshacl", "openpyxl"} & set(run.stdout.split())


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
    known = {option for parameter in COMMANDS["serve"].params for option in parameter.opts}
    options = re.findall(r"--[a-z-]+", command)
    assert options and set(options) <= known
    variables = set(re.findall(r"\bZWFW_[A-Z]+", text))
    assert variables <= {str(parameter.envvar) for parameter in COMMANDS["serve"].params}


CONTAINERFILE = (ROOT / "examples" / "deploy" / "Containerfile").read_text("utf-8")
"""No engine that could build it is at hand, so its steps are taken one by one."""


def steps(word):
    """What the lines that begin so say."""
    return re.findall(rf"^{word} (.*)$", CONTAINERFILE, re.MULTILINE)


def copied(step, place):
    """Do what a COPY from the checkout says, below ``place``."""
    *sources, target = step.split()
    for source in sources:
        there = place / target.lstrip("/")
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            there.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, there)


def test_a_container_has_all_that_the_package_is_made_of(tmp_path):
    for step in steps("COPY"):
        if "/src" in step:
            copied(step, tmp_path)
    source = tmp_path / "src"
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    environment = {**os.environ, "ZWFW_SKIP_FRONTEND": "1"}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as made:
        packed = set(made.namelist())
    assert {f"app/_data/{name}" for name in ("ontology/zwfw.ttl", "data/000000/region.ttl")} <= packed
    assert any(name.startswith("app/_data/shapes/") for name in packed)
    (constraints,) = re.findall(r"-c (\S+)", " ".join(steps("RUN")))
    assert (tmp_path / constraints.lstrip("/")).is_file()


def test_a_container_has_nothing_that_lies_beside_the_sources():
    """Such as releases with their tokens: what one step copies, no later one takes out."""
    sources = [name for step in steps("COPY") if "--from" not in step for name in step.split()[:-1]]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *sources], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    kept = {name.partition("/")[0] for name in listed.stdout.split("\0") if name}
    assert sources and kept == set(sources)


def test_what_a_container_publishes_first_is_in_it(tmp_path):
    for step in steps("COPY"):
        if step.startswith("data /usr"):
            copied(step, tmp_path)
    (folder,) = re.findall(r"zwfw publish (\S+)", CONTAINERFILE)
    assert (tmp_path / folder.lstrip("/") / "region.ttl").is_file()


def test_a_container_runs_the_service_where_it_is_looked_for(tmp_path):
    (program,) = json.loads(*steps("ENTRYPOINT"))
    assert program in PROJECT["scripts"]
    command, *options = json.loads(*steps("CMD"))
    given = COMMANDS[command].make_context(command, options).params
    (health,) = steps("HEALTHCHECK")
    assert [str(given["port"])] == steps("EXPOSE") and f", {given['port']}," in health and given["log"] == "-"
    _, *arguments = json.loads(health.removeprefix("CMD "))
    with server(tmp_path, Settings(workers=1)) as port:  # before anything is published
        looks = [sys.executable, *(one.replace(f", {given['port']},", f", {port},") for one in arguments)]
        assert subprocess.run(looks, check=False).returncode == 0
    assert subprocess.run(looks, stderr=subprocess.DEVNULL, check=False).returncode != 0
