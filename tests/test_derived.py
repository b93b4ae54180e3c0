"""Composite codes are taken apart once, and nobody can assert their parts."""

import pytest

from app import names
from app.ontology import facts, standards
from app.regions.derived import derive
from app.store.terms import Iri, Literal, Triple, def_

SYSTEM = standards.load()
ITEM = Iri(names.thing("511602", "ImplementedItem", "x"))
SICHUAN = Iri(names.concept("code-scheme", "sichuan"))
NATIONAL = Iri(names.concept("code-scheme", "national"))


def parts(code, scheme, term="implementationCode"):
    graph = {Triple(ITEM, def_(term), Literal(code)), Triple(ITEM, def_("usesCodeScheme"), scheme)}
    return {
        names.shorten(t.predicate.value).removeprefix("zwfw:"): getattr(t.object, "value", t.object)
        for t in derive(graph, SYSTEM)
        if t.predicate.value.startswith(names.DEF)
    }


def test_a_sichuan_code_is_split_by_its_region():
    found = parts("511A19016001-511602000000-000-1151130100877844X4-1-00", SICHUAN)
    assert found["basicCodePart"] == "511A19016001"
    assert found["regionPart"] == "511602000000"
    assert found["organisationCodePart"] == "1151130100877844X4"
    assert found["itemLetterPart"] == names.concept("item-letter", "A")
    assert found["isRegisteredInRegion"] == names.region("511301")
    assert found["checkCharacterIsRight"] == "true"
    assert "levelPart" not in found  # the digit after the organisation code is not the level of exercise


@pytest.mark.parametrize("organisation", ["00877868-5", "76726532-X", "2222222222222", "083372204"])
def test_an_organisation_code_may_hold_a_hyphen_and_malformed_ones_have_no_parts(organisation):
    found = parts(f"511B0053300007-511602000000-000-{organisation}-1-00", SICHUAN)
    assert found["organisationCodePart"] == organisation
    assert not {"checkCharacterIsRight", "isRegisteredInRegion", "registrationAuthorityPart"} & set(found)


@pytest.mark.parametrize("code", ["E-000004-001-11511301008778386B", "H-000185-001-4444444444"])
def test_a_code_without_the_anchor_is_not_taken_apart(code):
    assert "organisationCodePart" not in parts(code, SICHUAN)


def test_an_older_basic_code_has_no_letter():
    found = parts("G-000007-001-511602000000-000-115113010833722043-1-00", SICHUAN)
    assert found["basicCodePart"] == "G-000007-001"
    assert "itemLetterPart" not in found


def test_a_national_code_gives_organisation_level_and_basic_code():
    found = parts("11440100007482575J3440118009000", NATIONAL)
    assert found["organisationCodePart"] == "11440100007482575J"
    assert found["levelPart"] == names.concept("exercise-level", "3")
    assert found["basicCodePart"] == "440118009000"
    assert found["itemTypePart"] == names.concept("item-type", "01")
    assert (found["provincePart"], found["subItemPart"]) == ("44", "000")


def test_an_item_without_a_scheme_follows_its_region():
    region = Iri(names.region("511602"))
    graph = {
        Triple(
            ITEM, def_("implementationCode"), Literal("511A19016001-511602000000-000-1151130100877844X4-1-00")
        ),
        Triple(region, def_("usesCodeScheme"), SICHUAN),
    }
    assert Triple(ITEM, facts.TYPE, def_("SichuanCodedItem")) in derive(graph, SYSTEM)


def test_asserted_parts_are_dropped_and_deriving_twice_changes_nothing():
    lie = Triple(ITEM, def_("checkCharacterIsRight"), Literal("true", datatype=Iri(names.XSD + "boolean")))
    kind = Triple(ITEM, facts.TYPE, def_("NationallyCodedItem"))
    code = Triple(
        ITEM, def_("implementationCode"), Literal("511B0053300007-511602000000-000-TE5116020105116050-1-00")
    )
    scheme = Triple(ITEM, def_("usesCodeScheme"), SICHUAN)
    once = derive({lie, kind, code, scheme}, SYSTEM)
    assert lie not in once
    assert kind not in once
    assert derive(once, SYSTEM) == once
