"""A really published world: the nation and one small synthetic region with names that are hard to quote."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from served import WORLD

from app.checking import rules
from app.ontology import standards
from app.publishing.publication import Publisher
from app.web import Settings, create_app


@pytest.fixture(scope="session")
def world_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with the nation, its synthetic catalogue and ``world/370000``."""
    root = tmp_path_factory.mktemp("world")
    on = datetime.date(2026, 11, 24)
    Publisher(root, standards.load(), rules.load(), on, lambda _: None).publish([WORLD / "370000"])
    return root


@pytest.fixture(scope="session")
def world_app(world_root: Path) -> Iterator[Flask]:
    app = create_app(world_root, Settings(timeout=20, memory_mb=1024, workers=2, rate=0))
    yield app
    app.extensions["live"].close()


@pytest.fixture
def web(world_app: Flask) -> FlaskClient:
    """A client of the world; without cookies, so that each request says its language."""
    return world_app.test_client(use_cookies=False)
