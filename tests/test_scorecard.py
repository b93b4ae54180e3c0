"""Score card, index and trend: what they show is what was measured, and every number leads to its findings."""

import csv
import io
import json
import re
import shutil
from html import unescape

import pytest
from served import client_of, publish_regions

from app.checking import rules
from app.releases.release import Releases
from app.web import Settings
from app.web.scorecard import legend, percent, shade

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two releases: Yantai and a conforming district of it, then the district again."""
    made = publish_regions(tmp_path_factory.mktemp("scorecard") / "root", "370600", "370602")
    return publish_regions(made, "370602")


@pytest.fixture(scope="module")
def client(root):
    with client_of(root, Settings(workers=1)) as client:
        yield client


@pytest.fixture(scope="module")
def entries(root):
    return Releases(root).current().regions


def shown(client, address, lang="zh"):
    answer = client.get(address, headers={**BROWSER, "Accept-Language": lang})
    assert answer.status_code == 200, address
    return unescape(answer.get_data(as_text=True))


def lines(client, address):
    return list(csv.DictReader(io.StringIO(client.get(address).get_data(as_text=True))))


@pytest.mark.parametrize(
    "share, said, shaded",
    [(1, "100", 0), (0.9999, "99", 1), (0.95, "95", 1), (0.949, "95", 1), (0.94, "94", 2), (0.8, "80", 2), (0.5, "50", 3), (0.49, "49", 4), (0.0001, "1", 4), (0, "0", 4)],
)  # fmt: skip
def test_a_share_is_100_or_0_only_where_it_is_so(share, said, shaded):
    assert (percent(share), shade(share)) == (said, shaded)


def test_the_legend_says_what_the_shades_are():
    for number, said in legend():
        for share in said.split("–"):
            assert shade(int(share) / 100) == number


def test_every_broken_rule_is_a_number_that_leads_to_its_findings(client, entries):
    page = shown(client, "/scorecard")
    for rule, (applies, breaking) in entries["370600"]["conformance"].items():
        link = f'<a href="/regions/370600?rule={rule}"'
        assert (link in page) == bool(breaking)
        if breaking:
            assert f">{percent(1 - breaking / applies)}</a>" in page
            assert client.get(f"/regions/370600?rule={rule}").status_code == 200


def test_departments_lead_to_what_each_answers_for(client):
    page = shown(client, "/scorecard?region=370600&show=count")
    found = re.findall(r'<a href="(/regions/370600\?department=[^"]+&rule=[^"]+)"[^>]*>(\d+)</a>', page)
    assert found
    for address, number in found:
        findings = shown(client, address)
        assert int(number) <= len(set(re.findall(r"/findings/([0-9a-f]+)", findings)))


@pytest.mark.parametrize(
    "asked, codes, holds",
    [
        ("", {"000000", "000000-sample", "370600", "370602"}, lambda rule: True),
        ("level=county", {"370602"}, lambda rule: True),
        ("level=prefecture&severity=Warning", {"370600"}, lambda rule: rule.severity == "Warning"),
        ("level=prefecture&layer=exchange", {"370600"}, lambda rule: rule.layer == "exchange"),
    ],
)
def test_the_table_has_what_is_chosen(client, entries, asked, codes, holds):
    found = lines(client, f"/scorecard.csv?{asked}")
    assert {line["code"] for line in found} <= codes
    expected = {
        (code, rule.identifier, str(applies), str(breaking))
        for code in codes
        for rule in rules.load().all
        if holds(rule) and rule.identifier in entries[code]["conformance"]
        for applies, breaking in [entries[code]["conformance"][rule.identifier]]
    }
    assert {(one["code"], one["rule_id"], one["applies"], one["breaking"]) for one in found} == expected
    assert all(one["data_status"] == entries[one["code"]]["status"] for one in found)


@pytest.mark.parametrize(
    "address, status",
    [
        ("/scorecard?severity=Grave", 400),
        ("/scorecard?layer=x", 400),
        ("/scorecard?level=village", 400),
        ("/scorecard?show=rank", 400),
        ("/scorecard?release=../x", 404),
        ("/scorecard?region=999999", 404),
        ("/scorecard?page=9", 404),
        ("/scorecard/index?region=nowhere", 404),
        ("/regions/999999/trend", 404),
    ],
)
def test_what_there_is_not_is_said(client, address, status):
    assert client.get(address, headers=BROWSER).status_code == status


def test_an_earlier_release_is_shown_without_links_that_would_lead_to_another(client, root):
    first = Releases(root).all()[0].id
    page = shown(client, f"/scorecard?release={first}")
    assert f'<option value="{first}" selected>' in page
    assert "/regions/370600?rule=" not in page
    assert f"release={first}" in re.search(r'href="(/scorecard\.csv[^"]*)"', page)[1]


def test_the_index_is_taken_apart_to_its_findings(client, entries):
    page = shown(client, "/scorecard/index?region=370600", "en")
    assert "not fit for ranking" in page
    value = percent(entries["370600"]["index"])
    assert f"Index {value}, range" in page
    weighed = {"Violation", "Warning"}
    for rule in rules.load().all:
        if rule.identifier in entries["370600"]["conformance"] and rule.severity in weighed:
            assert f"/rules/{rule.name}" in page
    assert "/regions/370600?rule=R02" in page


def test_the_trend_has_each_check_with_what_became_of_the_findings(client, root):
    page = shown(client, "/regions/370602/trend")
    checked = [release for release in Releases(root).all() if "370602" in release.regions]
    assert len(checked) == 2 and all(release.id in page for release in checked)
    assert page.count("<circle") == 2
    first, last = (one["regions"]["370602"] for one in Releases(root).current().manifest["history"])
    assert first["since"] is None and last["since"] == {"new": 0, "fixed": 0, "open": 0}
    assert shown(client, "/regions/370600/trend").count("<circle") == 0  # one check is no trend


@pytest.mark.parametrize(
    "address", ["/scorecard", "/scorecard?region=370602", "/scorecard/index", "/regions/370602/trend"]
)
@pytest.mark.parametrize("lang, notice", [("zh", "合成数据"), ("en", "ynthetic data")])
def test_synthetic_data_say_so_in_both_languages(client, address, lang, notice):
    page = shown(client, address, lang)
    assert notice in page


def test_a_release_of_older_software_is_said_to_have_no_figures(root, tmp_path):
    old = shutil.copytree(root, tmp_path / "root", symlinks=True)
    manifest = Releases(old).current().path / "release.json"
    said = json.loads(manifest.read_bytes())
    for entry in said["regions"].values():
        del entry["conformance"], entry["index"]
    said["history"] = [
        {**one, "regions": {code: figures["counts"] for code, figures in one["regions"].items()}}
        for one in said["history"]
    ]
    manifest.unlink()
    manifest.write_text(json.dumps(said), "utf-8")
    with client_of(old, Settings(workers=1)) as client:
        assert "旧版软件" in shown(client, "/scorecard")
        assert shown(client, "/scorecard/index?region=370600") and shown(client, "/regions/370600")
        assert "—" in shown(client, "/regions/370602/trend")
