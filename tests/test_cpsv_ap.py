"""Exchange with CPSV-AP: what is exported passes SEMIC's own shapes, and of what is imported nothing is lost."""

import datetime
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyshacl
import pytest
import rdflib
import shacl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import names
from app.checking import rules
from app.cpsv_ap import PROFILE, queries, read
from app.cpsv_ap.export import described, export
from app.ontology import facts, standards
from app.ontology.inference import infer
from app.publishing.publication import Publisher
from app.regions import region
from app.regions.derived import derive
from app.releases.release import Releases
from app.store.terms import (
    Index,
    Iri,
    Literal,
    Quad,
    RdfFormat,
    Triple,
    def_,
    literal_forms,
    ntriples,
    parse,
    read_turtle,
    skolemised,
    turtle,
)

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("ZWFW_SHARED", ROOT.parent / "shared")) / "data"
SHAPES = SHARED / "cpsv-ap" / "cpsv-ap-3.2.0-SHACL.ttl"
EXAMPLE = SHARED / "cpsv-ap" / "cpsv-ap-3.2.0-example.ttl"
GUANGAN = SHARED / "guangan" / "items.csv"
SPECIMEN = ROOT / "tests" / "world" / "370100"
FIXTURES = sorted(
    path for path in (ROOT / "tests" / "cpsv-ap").glob("*.ttl") if not path.stem.endswith((".read", ".rest"))
)
SYSTEM = standards.load()
CPSV, CV, DCT = names.CPSV, names.CV, names.DCT

WORDS = {t.object for t in SYSTEM.terms if t.predicate == read.IS_READ_AS}

need_shapes = pytest.mark.skipif(not SHAPES.is_file(), reason=f"SEMIC's shapes are not at {SHAPES}")
need_guangan = pytest.mark.skipif(not GUANGAN.is_file(), reason=f"the real list is not at {GUANGAN}")


@pytest.fixture(scope="module")
def root(world_root, tmp_path_factory):
    """A root with the synthetic region, the specimen and, where it is at hand, the real list."""
    made = tmp_path_factory.mktemp("exchange") / "root"
    shutil.copytree(world_root, made, symlinks=True)
    folders = [ROOT / "data" / "370600", SPECIMEN]
    if GUANGAN.is_file():
        folders.append(made.parent / "511602")
        folders[-1].mkdir()
        shutil.copy(ROOT / "examples" / "511602" / "region.ttl", folders[-1])
        shutil.copy(GUANGAN, folders[-1])
    on = datetime.date(2026, 11, 24)
    Publisher(made, SYSTEM, rules.load(), on, lambda _: None).publish(folders)
    return made


@pytest.fixture(scope="module")
def exported(root):
    """Exports by region, each made once."""
    made = {}

    def of(code):
        if code not in made:
            made[code] = export(Releases(root).current(), code, SYSTEM)
        return made[code]

    return of


regions = pytest.mark.parametrize(
    "code", ["370600", "370100", "370000", "000000-sample", pytest.param("511602", marks=need_guangan)]
)


def text(graph):
    return ntriples(graph).decode()


# What is exported


@pytest.fixture(scope="module")
def shapes():
    graph = rdflib.Graph().parse(SHAPES)
    return graph, shacl.Shapes.from_text(graph.serialize(format="nt"), format="ntriples")


@pytest.fixture
def results(shapes, monkeypatch):
    """How often data break SEMIC's shapes, by component: as pyshacl says, and as the fast engine says."""
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)

    def of(data):
        _, report, _ = pyshacl.validate(
            rdflib.Graph().parse(data=data, format="nt"), shacl_graph=shapes[0], inplace=True
        )
        found = report.objects(None, rdflib.SH.sourceConstraintComponent)
        slow = Counter(str(component).rpartition("#")[2] for component in found)
        fast = Counter(
            result.component_iri.rpartition("#")[2]
            for result in shapes[1].validate_text(data, format="ntriples").results
        )
        return slow, fast

    return of


@need_shapes
def test_the_shapes_bite(results):
    """SEMIC's own example breaks them, for want of the concepts it refers to; so does what an export brings for that."""
    slow, fast = results(rdflib.Graph().parse(EXAMPLE).serialize(format="nt"))
    assert slow == fast == {"ClassConstraintComponent": 6}


@need_shapes
@regions
def test_an_export_passes_the_published_shapes(code, exported, results):
    slow, fast = results(text(exported(code).graph))
    assert slow == fast == {}


@need_shapes
@pytest.mark.parametrize("missing", ["title", "identifier", "description"])
def test_an_export_without_what_is_wanted_would_not_pass(missing, exported, results):
    graph = {t for t in exported("370600").graph if t.predicate.value != DCT + missing}
    slow, fast = results(text(graph))
    assert slow == fast
    assert slow["MinCountConstraintComponent"] >= 14


def kinds(graph, iri):
    return {t.subject for t in graph if t.predicate == facts.TYPE and t.object == Iri(iri)}


@pytest.mark.parametrize(
    "code,services",
    [("370600", 21), ("370100", 2), ("000000-sample", 0), pytest.param("511602", 1135, marks=need_guangan)],
)
def test_every_item_with_a_department_is_a_public_service(code, services, exported):
    assert len(kinds(exported(code).graph, CPSV + "PublicService")) == services


@regions
def test_what_is_not_exported_is_said(code, exported, root):
    """Each thing of a region is in the export or in what was left out, and no thing is in both."""
    release = Releases(root).current()
    index = Index.read_only(str(release.index))
    own = {quad.triple for quad in index.quads_for_pattern(None, None, None, Iri(names.graph(code)))}
    done = exported(code)
    ours = set(SYSTEM.classes.values()) - {def_("Region")}
    things = {t.subject.value for t in own if t.predicate == facts.TYPE and t.object in ours}
    left = {thing for one in done.left_out for thing in one.things}
    made = {t.subject.value for t in done.graph if t.predicate == facts.TYPE}
    assert things <= left | made
    assert not left & made


def test_what_an_item_lacks_is_said(exported):
    lacking = {(one.kind, one.lacks) for one in exported("370100").left_out if one.lacks}
    assert lacking == {
        (def_(kind).value, def_("isProvidedBy").value) for kind in ("CatalogueItem", "ImplementedItem")
    }
    without = {one.kind for one in exported("370100").left_out if not one.lacks}
    assert def_("Platform").value in without and def_("Material").value not in without


@regions
def test_everything_has_an_iri_and_every_text_a_language(code, exported):
    graph = exported(code).graph
    assert all(isinstance(t.subject, Iri) for t in graph)
    texts = {DCT + "title", DCT + "description", names.SKOS + "prefLabel"}
    assert all(t.object.language for t in graph if t.predicate.value in texts)


def values(graph, subject, predicate):
    return {
        t.object.value for t in graph if t.subject.value.endswith(subject) and t.predicate.value == predicate
    }


def test_working_days_are_no_duration(exported):
    """Ten working days are said in words, ten calendar days as P10D; at once is at once in any unit."""
    graph = exported("370600").graph
    promised = "/11370600999000013N3000101001000"
    assert values(graph, promised, CV + "processingTime") == set()
    assert "承诺办结时限：10 工作日。" in values(graph, promised, DCT + "description")
    at_once = "/1137060099900003X93002005004000"
    assert values(graph, at_once, CV + "processingTime") <= {"P0D", "PT0S"}
    specimen = exported("370100").graph
    assert values(specimen, "/1137010088000001613000101009000", CV + "processingTime") == {"P10D"}


def test_synthetic_data_say_so(exported):
    assert values(exported("370600").graph, "/graph/370600", names.DEF + "dataStatus") == {"synthetic"}


@need_shapes
def test_a_region_that_names_a_publisher_gets_a_dataset(results):
    own = region.read_folder(SPECIMEN, SYSTEM).graph
    dataset = Iri(names.graph("370100"))
    department = next(iter(kinds(own, def_("Department").value)))
    graph = described(
        own | {Triple(dataset, Iri(DCT + "publisher"), department)}, SYSTEM.graph, "370100", SYSTEM
    ).graph
    assert dataset in kinds(graph, names.DCAT + "Dataset")
    parts = {t.subject for t in graph if t.predicate.value == DCT + "isPartOf" and t.object == dataset}
    assert parts == kinds(graph, CPSV + "PublicService")
    assert results(text(graph)) == ({}, {})


# Whatever becomes of the data, their export passes: the specimen with some of it taken away and with statements added,
# fitting and not. A thing stays of one class: no table makes it two.

OWN = sorted(region.read_folder(SPECIMEN, SYSTEM).graph, key=str)
THINGS = sorted({t.subject for t in OWN if "/370100/" in t.subject.value}, key=str)
PROPERTIES = sorted(SYSTEM.properties, key=str)
CODES = [Iri(names.concept("item-type", "01")), Iri(names.concept("item-type", "no such code"))]


def any_of(things):
    """One of many things, without hypothesis writing them all out."""
    return st.integers(0, len(things) - 1).map(lambda at: things[at])


literals = st.one_of(
    st.text("甲a: 1\n《》", max_size=4).map(Literal),
    st.sampled_from([Literal("x", language="zh"), Literal("a", language="en")]),
    st.sampled_from([Literal(n, datatype=Iri(names.XSD + "integer")) for n in ("0", "-1", "007", "x")]),
    st.sampled_from([Literal("1.5", datatype=Iri(names.XSD + "decimal"))]),
    st.sampled_from([Literal(u, datatype=Iri(names.XSD + "anyURI")) for u in ("https://e.org/", "no iri")]),
)
nodes = any_of([*THINGS, *CODES, Iri(names.region("370100"))])
statements = st.builds(Triple, any_of(THINGS), any_of(PROPERTIES), nodes | literals)
several = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@need_shapes
@several
@given(st.sets(any_of(OWN), max_size=40), st.sets(statements, max_size=60))
def test_whatever_the_data_the_export_passes(shapes, removed, added):
    own = derive((set(OWN) - removed) | added, SYSTEM)
    graph = described(own, SYSTEM.graph, "370100", SYSTEM).graph
    report = shapes[1].validate_text(text(graph), format="ntriples")
    assert [(r.focus_node, r.path, r.component_iri) for r in report.results] == []


# What is imported


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_description_is_read_as_written_beside_it(path):
    """``<name>.read.ttl`` is what it says in our terms, ``<name>.rest.ttl`` what has no place in them."""
    done = read.read(path, SYSTEM, "en")
    assert text(done.graph) == text(read_turtle(path.with_suffix(".read.ttl")))
    assert text(done.rest) == text(read_turtle(path.with_suffix(".rest.ttl")))


def assert_nothing_is_lost(source, done):
    """Each triple is placed or remains, and one placed by another word is there by that word, whichever way it points."""
    assert set(done.placed) | done.rest == source
    assert not set(done.placed) & done.rest
    said = Counter()
    for t in done.graph:
        for term in {t.predicate, t.object} if t.predicate == facts.TYPE else {t.predicate}:
            said.update({(t.subject, term), (t.object, term)})
    primary = {names.shorten(term.value): SYSTEM.upward.get(term, term) for term in WORDS}
    for triple, how in done.placed.items():
        if how not in (read.KNOWN, *queries("readings")):
            assert all(said[triple.subject, primary[word]] for word in how.split(", ")), (triple, how)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_of_a_description_nothing_is_lost(path):
    done = read.read(path, SYSTEM, "en")
    source = {quad.triple for quad in parse(path=path, format=RdfFormat.TURTLE)}
    assert len(done.placed) + len(done.rest) == len(source)
    assert_nothing_is_lost(set(done.placed) | done.rest, done)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_what_was_placed_follows_from_what_it_was_read_as(path):
    """The alignments' axioms give back classes and links, so that another word for one says no less."""
    done = read.read(path, SYSTEM, "en")
    follows = done.graph | infer(done.graph, set(), SYSTEM)
    foreign = {t.object for t in follows if t.predicate == facts.TYPE}
    links = {t.object for t in SYSTEM.terms if t.predicate.value == names.RDFS + "subPropertyOf"}
    by_word = {t for t, how in done.placed.items() if how not in (read.KNOWN, *queries("readings"))}
    for triple in by_word:
        if triple.predicate in links or (triple.predicate == facts.TYPE and triple.object in foreign):
            assert triple in follows, triple


FOREIGN = sorted(
    {t.subject for t in SYSTEM.terms if t.predicate == read.IS_READ_AS}
    | {
        Iri(CV + name)
        for name in (
            *("Evidence", "contactPoint", "hasContactPoint", "ContactPoint", "telephone", "openingHours"),
            *("processingTime", "hasValue", "currency", "thematicArea", "hasLegalResource"),
            *("hasParticipation", "Participation", "role", "hasParticipant", "relatedService", "unheardOf"),
        )
    }
    | {Iri(names.FOAF + "Agent"), Iri(names.FOAF + "Document"), Iri(DCT + "spatial")},
    key=str,
)
OTHERS = [
    *(Iri(f"http://example.org/{name}") for name in ("permit", "card", "city", "desk", "policy", "new")),
    Iri(names.thing("370100", "HandlingItem", "1")),
    Iri(names.thing("370600", "ImplementedItem", "2") + "#legalBasis"),
    Iri(names.region("370600")),
    Iri(names.concept("item-type", "01")),
    Iri(names.concept("department-role", "joint")),
]
foreign_values = st.one_of(
    any_of(OTHERS),
    literals,
    st.sampled_from([Literal(d, datatype=Iri(names.XSD + "duration")) for d in ("P3D", "P1M2D", "PT0S")]),
)
foreign_statements = st.one_of(
    st.builds(Triple, any_of(OTHERS), st.just(facts.TYPE), any_of(FOREIGN)),
    st.builds(Triple, any_of(OTHERS), any_of(FOREIGN), foreign_values),
)


DESCRIBED = sorted({t for path in FIXTURES for t in skolemised(read_turtle(path), region.NO_REGION)}, key=str)


@several
@given(
    st.sets(any_of(DESCRIBED), max_size=30),
    st.sets(foreign_statements, max_size=40),
    st.sampled_from(["", "370600"]),
)
def test_whatever_the_source_nothing_is_lost(removed, added, code):
    source = (set(DESCRIBED) - removed) | added
    plain = read.placed(source, SYSTEM, "et")
    assert_nothing_is_lost(source, plain)
    done = read.placed(source, SYSTEM, "et", code)
    assert (done.placed, done.rest) == (plain.placed, plain.rest)
    assert sum(one.count for one in done.remaining()) == len(done.rest)
    if code:
        assert all(t.subject.value.startswith(names.region(code) + "/") for t in done.graph)
    for t in done.graph:
        prop = SYSTEM.properties.get(t.predicate)
        assert prop is None or prop.is_link == isinstance(t.object, Iri)
        if prop and prop.range and prop.range.value == names.RDF + "PlainLiteral":
            assert t.object.language


def test_an_imported_file_can_lie_in_a_region(tmp_path):
    folder = tmp_path / "370602"
    folder.mkdir()
    description = (ROOT / "tests" / "world" / "370100" / "region.ttl").read_text("utf-8")
    (folder / "region.ttl").write_text(description.replace("370100", "370602"), "utf-8")
    for path in FIXTURES:
        done = read.read(path, SYSTEM, "en", "370602")
        (folder / f"{path.stem}.ttl").write_bytes(turtle(done.graph))
    reading = region.read_folder(folder, SYSTEM)
    item = Iri(names.thing("370602", "ImplementedItem", "LIB-001"))
    assert Triple(item, def_("name"), Literal("Issuing a library card", language="en")) in reading.graph
    assert Triple(item, read.WAS_DERIVED_FROM, Iri("http://example.org/card")) in reading.graph


def test_two_things_with_one_identifier_stay_two(tmp_path):
    path = tmp_path / "x.nt"
    lines = [
        f"<http://e.org/{n}> <{names.RDF}type> <{CV}Output> . <http://e.org/{n}> <{DCT}identifier> '1' ."
        for n in "ab"
    ]
    path.with_suffix(".ttl").write_text("\n".join(lines), "utf-8")
    done = read.read(path.with_suffix(".ttl"), SYSTEM, "en", "370602")
    things = {t.subject.value for t in done.graph}
    assert things == {names.thing("370602", "Result", "1"), names.thing("370602", "Result", "1") + "~2"}


# There and back

SURVIVING = [
    "acceptanceCondition",
    "certificateIdentifier",
    "channelAddress",
    "channelCode",
    "channelPhone",
    "citationNumber",
    "citedArticle",
    "citedDocumentName",
    "citedText",
    "citesFor",
    "conditionNumber",
    "conditionText",
    "consultationPhone",
    "everydayName",
    "exercisedContent",
    "feeAmount",
    "feeNumber",
    "feeStandard",
    "guidePage",
    "handlingHours",
    "handlingItemCode",
    "handlingPlace",
    "handlingProcess",
    "hasCaseKind",
    "hasChannelKind",
    "hasCrossRegionMode",
    "hasExerciseLevel",
    "hasHandlingForm",
    "hasHandlingScope",
    "hasImplementerKind",
    "hasItemStatus",
    "hasItemType",
    "hasMaterialForm",
    "hasMaterialNecessity",
    "hasMaterialSource",
    "hasOnlineDepth",
    "hasPowerSource",
    "hasPromisedTimeUnit",
    "hasResultKind",
    "hasServiceAudience",
    "hasServiceMode",
    "hasSharingAttribute",
    "hasSpecialProcedure",
    "hasStatutoryTimeUnit",
    "hasUpdateCycle",
    "implementationCode",
    "implementsCatalogueItem",
    "integratedServiceCode",
    "integrates",
    "isAcceptedBy",
    "isConditionOf",
    "isEntrustedBy",
    "isFeeOf",
    "isGuidedBy",
    "isHandlingItemOf",
    "isJointlyHandledBy",
    "isMaterialOf",
    "isOverseenBy",
    "isProvenBy",
    "isProvidedBy",
    "isRecordedIn",
    "isResultOf",
    "isServedThrough",
    "isSuppliedBy",
    "isUndertakenBy",
    "legalBasis",
    "materialNumber",
    "name",
    "onlineAddress",
    "openingHours",
    "promisedTimeLimit",
    "publishedOn",
    "regionCode",
    "resourceAbstract",
    "resourceCode",
    "resultName",
    "resultNumber",
    "serviceTheme",
    "statutoryTimeLimit",
    "unifiedSocialCreditCode",
]
"""The properties whose facts come back from CPSV-AP as they went, for all things that are exported."""

CHANGED = {"regionCode", "isProvidedBy", "description"}
"""What comes back otherwise: a jurisdiction as a region code, a handling item with the department of its item, the note
on a material as a description."""


def there_and_back(folder, graph, tmp_path):
    """What is said of exported things before, and after; without what is derived."""
    path = tmp_path / "export.nt"
    path.write_bytes(ntriples(graph))
    back = literal_forms(read.read(path, SYSTEM, "und", folder.name).graph)
    things = {t.subject for t in graph}
    own = literal_forms(region.read_folder(folder, SYSTEM).graph)
    stated = {t for t in own if t.subject in things and t.predicate not in SYSTEM.derived}
    return {t for t in stated if t.subject.value.startswith(names.region(folder.name) + "/")}, back


def by_name(graph):
    return {re.split("[#/]", t.predicate.value)[-1] for t in graph}


def test_the_specimen_there_and_back(exported, tmp_path):
    stated, back = there_and_back(SPECIMEN, exported("370100").graph, tmp_path)
    whole = by_name(stated) - by_name(stated - back)
    assert sorted(name for name in whole if def_(name) in SYSTEM.properties) == sorted(SURVIVING)
    assert by_name(back - stated) == CHANGED


@pytest.mark.parametrize("name", ["data/370600", pytest.param("511602", marks=need_guangan)])
def test_a_region_there_and_back(name, exported, root, tmp_path):
    """All facts of the surviving properties are the same afterwards, and nothing is made up."""
    folder = ROOT / name if "/" in name else root.parent / name
    stated, back = there_and_back(folder, exported(folder.name).graph, tmp_path)
    # The real list writes region codes with twelve digits and departments without any; the codes come back with six.
    alike = set(SURVIVING) - ({"regionCode"} if folder.name == "511602" else set())
    ours = {def_(name) for name in alike} | {facts.TYPE}
    kept = {t for t in back if t.predicate in ours}
    assert kept == {t for t in stated if t.predicate in ours and t.object not in SYSTEM.derived}
    assert by_name(back - kept) <= {"regionCode", "lastUpdated", "citesDocument"}


# The files


@pytest.mark.parametrize(
    "folder,name", [(folder, name) for folder in ("exports", "readings", "") for name in queries(folder)]
)
def test_a_query_file_is_whole(folder, name):
    """A sentence at the head, the prefixes it uses and no other, a query of the form its place asks for."""
    query = queries(folder)[name]
    assert query.startswith("# ")
    body = re.sub(r"^(PREFIX .*|#.*)$", "", query, flags=re.M)
    declared = dict(re.findall(r"^PREFIX ([\w-]+): <([^>]+)>$", query, re.M))
    used = set(re.findall(r"(?<![\w:<\"/?])([A-Za-z][\w-]*):[A-Za-z]", re.sub(r'"[^"]*"|<[^>]*>', "", body)))
    assert used == set(declared)
    for prefix, namespace in declared.items():
        assert namespace == names.PREFIXES.get(prefix, namespace)
    assert re.search(r"^(CONSTRUCT|SELECT) ", query, re.M)[1] == ("CONSTRUCT" if folder else "SELECT")
    Index().query(query)
    terms = set(re.findall(r"\bzwfw:(\w+)", body))
    assert {term for term in terms if not SYSTEM.values(def_(term), facts.TYPE)} == set()


def test_every_query_file_finds_something(exported):
    """In the specimen, which has all there is to say, and in the synthetic region, which cites a law."""
    index = Index()
    for code, folder in (("370100", SPECIMEN), ("370600", ROOT / "data" / "370600")):
        own = region.read_folder(folder, SYSTEM).graph
        for graph, name in ((own, names.graph(code)), (exported(code).graph, PROFILE)):
            index.bulk_extend(Quad(t.subject, t.predicate, t.object, Iri(name)) for t in graph)
        index.bulk_extend(Quad(*t) for t in own)
    index.bulk_extend(Quad(*t) for t in SYSTEM.graph)
    assert [name for name, query in queries("exports").items() if not any(index.query(query))] == []
    used = set()
    for graph in (exported("370100").graph, exported("370600").graph, *map(read_turtle, FIXTURES)):
        source = skolemised(graph, region.NO_REGION)
        used |= set(read.placed(source, SYSTEM, "und").placed.values())
    assert set(queries("readings")) - used == set()


def test_words_are_read_as_terms_of_ours_or_kept():
    ours = {*SYSTEM.properties, *SYSTEM.classes.values()}
    assert sorted(term.value for term in WORDS - ours) == [DCT + "description", DCT + "identifier"]


# The commands


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld", "rdf"])
def test_the_command_exports_in_every_format(form, root, exported, tmp_path):
    done = run("export", "cpsv-ap", "--region", "370600", "--release", root, "--format", form)
    assert done.returncode == 0, done.stderr
    path = tmp_path / f"export.{form}"
    path.write_text(done.stdout, "utf-8")
    assert literal_forms(read.read_rdf(path)) == literal_forms(exported("370600").graph)
    assert "synthetic" in done.stderr and "办理环节 7" in done.stderr


def test_the_command_says_what_was_left_out_in_the_language_asked(root):
    done = run("export", "cpsv-ap", "--region", "000000-sample", "--release", root, "--lang", "en")
    assert 'catalogue item: 60 not exported, for they lack "is provided by"' in done.stderr


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["export", "cpsv-ap", "--region", "999999"], 2, "999999"),
        (["export", "cpsv-ap", "--region", "370600", "--release", "nowhere"], 2, "zwfw publish"),
        (["export", "cpsv-ap"], 2, "--region"),
        (["import", "cpsv-ap", "nowhere.ttl"], 2, "nowhere.ttl"),
        (["import", "cpsv-ap", FIXTURES[0], "--language", "no tag"], 2, "BCP 47"),
        (["import", "cpsv-ap", FIXTURES[0], "--region", "12"], 2, "six digits"),
        (["import", "cpsv-ap", FIXTURES[0], "--rest", ROOT / "no" / "folder.nt"], 3, "folder.nt"),
        (["import", "cpsv-ap", ROOT / "README.md"], 3, ".md"),
    ],
    ids=lambda value: (
        " ".join(str(v).removeprefix(str(ROOT)) for v in value) if isinstance(value, list) else None
    ),
)
def test_exit_codes(arguments, code, said, root):
    release = [] if "--release" in arguments or arguments[0] == "import" else ["--release", root]
    done = run(*arguments, *release)
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_file_that_does_not_parse_says_where(tmp_path):
    path = tmp_path / "x.ttl"
    path.write_text("\n\n<a> <b> .", "utf-8")
    done = run("import", "cpsv-ap", path, "--lang", "en")
    assert done.returncode == 3 and "x.ttl, row 3" in done.stderr


def test_the_rest_is_kept_and_counted(tmp_path):
    path = next(path for path in FIXTURES if path.stem == "misfits")
    rest = tmp_path / "rest.nt"
    done = run("import", "cpsv-ap", path, "--rest", rest, "--lang", "en")
    expected = read.read(path, SYSTEM, "und")
    assert rest.read_bytes() == ntriples(expected.rest)
    assert f"{len(expected.placed)} triples placed, {len(expected.rest)} have no place" in done.stderr
    assert "1 × cv:hasValue (cv:Cost), such as <http://example.org/fee>" in done.stderr
    kept = {quad.triple for quad in parse(done.stdout, format=RdfFormat.TURTLE)}
    assert kept == expected.graph
    assert "--rest" in run("import", "cpsv-ap", path, "--lang", "en").stderr
