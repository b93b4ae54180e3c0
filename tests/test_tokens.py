"""Tokens: who may submit, for what, and how long."""

import datetime
import stat

import pytest
from click.testing import CliRunner

from app.cli import zwfw
from app.submissions.tokens import FILE, Tokens

TODAY = datetime.date(2026, 11, 25)


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path)


def test_a_token_counts_for_its_region_and_what_lies_below(tokens):
    found = tokens.find(tokens.create("烟台市（合成）", "370600"), TODAY)
    assert found.name == "烟台市（合成）"
    covered = [code for code in ("370600", "370602", "370000", "370100", "000000") if found.covers(code)]
    assert covered == ["370600", "370602"]
    assert tokens.find(tokens.create("全国（合成）", "000000"), TODAY).covers("370602")


def test_only_its_hash_is_kept_and_only_its_owner_may_read_it(tokens, tmp_path):
    said = tokens.create("甲", "370600")
    kept = (tmp_path / FILE).read_text("utf-8")
    assert said.rpartition("_")[2] not in kept and said not in kept
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("said", ["", "zwfw_", "zwfw_00000000_" + "A" * 43, "Bearer x", "zwfw_é_x"])
def test_what_is_no_token_is_none(tokens, said):
    tokens.create("甲", "370600")
    assert tokens.find(said, TODAY) is None


def test_a_wrong_secret_is_none(tokens):
    said = tokens.create("甲", "370600")
    assert tokens.find(said[:-1] + ("A" if said[-1] != "A" else "B"), TODAY) is None


def test_revoked_or_expired_it_does_not_count(tokens):
    said = tokens.create("甲", "370600", expires=TODAY)
    assert tokens.find(said, TODAY) and not tokens.find(said, TODAY + datetime.timedelta(1))
    assert tokens.revoke(said.split("_")[1]).revoked
    assert tokens.find(said, TODAY) is None and tokens.revoke("ffffffff") is None
    assert [one.name for one in tokens.all()] == ["甲"]


def run(root, *args):
    return CliRunner().invoke(zwfw, ["token", *args, "--release", str(root)])


def test_the_command_shows_a_token_once(tmp_path):
    said = run(tmp_path, "create", "--region", "370600", "--name", "甲").stdout.strip()
    assert Tokens(tmp_path).find(said, TODAY)
    listed = run(tmp_path, "list").stdout
    assert "370600" in listed and "有效" in listed and said not in listed
    assert run(tmp_path, "revoke", said.split("_")[1]).exit_code == 0
    assert "已撤销" in run(tmp_path, "list").stdout
    assert run(tmp_path, "revoke", "ffffffff").exit_code == 2
    assert run(tmp_path, "create", "--region", "烟台", "--name", "甲").exit_code == 2
