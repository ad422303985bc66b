"""A section of the catalog is described in one place, and everything else goes through the list of sections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import pytest
from click.testing import CliRunner

import pushhub.console.catalog as commands
from pushhub.catalog import document, file, plan
from pushhub.catalog.model import Catalog, CatalogEntry
from pushhub.catalog.sections import SECTIONS
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_sections import FILE_SECTIONS
from pushhub.catalog.sections.file_values import NameAsKey
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.catalog.sections.section import EntrySecrets, Section
from pushhub.catalog.whole import WholeCatalog
from pushhub.console.stores import Stores
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets


@dataclass(frozen=True, slots=True)
class Toy:
    name: str
    wheels: int

    @property
    def key(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class CatalogWithToys(Catalog):
    toys: Mapping[str, Toy] = field(default_factory=dict)


def changes(before: Toy, after: Toy) -> Iterator[str]:
    if before.wheels != after.wheels:
        yield f"wheels {before.wheels} → {after.wheels}"


TOYS = Section(
    "toys",
    "toy",
    write=lambda toy: {"name": toy.name, "wheels": toy.wheels},
    read=lambda stored: Toy(stored["name"], stored["wheels"]),
    changes=changes,
    max_entries=2,
)


class ToyFileEntry(FileEntry):
    name: NameAsKey
    wheels: int

    def declared(self) -> CatalogEntry:
        return Toy(self.name, self.wheels)


def problems(declared: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    for entry in declared["toys"]:
        if entry.values.get("wheels") == 1:
            yield f"{entry.place}.wheels: a toy with one wheel falls over"


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add a section of toys to the two lists of sections, and to the catalog."""
    for module in (document, file, plan, commands):
        monkeypatch.setattr(module, "SECTIONS", (*SECTIONS, TOYS))
    monkeypatch.setattr(file, "FILE_SECTIONS", (*FILE_SECTIONS, FileSection(TOYS, ToyFileEntry, "name", problems)))
    for module in (document, file, plan):
        monkeypatch.setattr(module, "Catalog", CatalogWithToys)


def declared(text: str) -> WholeCatalog:
    return file.parse_catalog(text, "catalog.yaml", {})


def with_toys(*toys: Toy) -> WholeCatalog:
    return WholeCatalog(CatalogWithToys({}, {}, toys={toy.name: toy for toy in toys}))


CAR, BIKE = Toy("car", 4), Toy("bike", 2)


def test_the_lists_and_the_catalog_have_the_same_sections() -> None:
    names = [section.name for section in SECTIONS]
    assert (
        names == [each.section.name for each in FILE_SECTIONS] == [each.name for each in fields(Catalog) if each.name != "base_url"]
    )


def test_a_further_section_is_read_from_a_file() -> None:
    assert declared("toys: [{name: car, wheels: 4}]") == with_toys(CAR)


def test_what_is_wrong_with_a_further_section_is_told_like_all_else() -> None:
    with pytest.raises(file.CatalogFileError) as caught:
        declared("app: []\ntoys: [{name: a, wheels: 1}, {name: a, wheels: x}, {name: b, wheels: 2, doors: 3}]")
    assert [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems] == [
        f"app: unknown key; the keys are {', '.join(section.name for section in SECTIONS)}, toys",
        "toys[1].wheels: an integer from 1 to 2147483647 is expected",
        "toys[2].doors: unknown key; the keys are name, wheels",
        "toys: at most 2 toys",
        'toys[1].name: "a" is the name of toys[0] already',
        "toys[0].wheels: a toy with one wheel falls over",
    ]


def test_a_further_section_stands_in_the_document_and_is_missing_in_older_ones() -> None:
    written = document.write_document(with_toys(CAR).catalog)
    assert written.endswith(
        '"upstreams":[],"apps":[],"app_groups":[],"audience_groups":[],"events":[],"toys":[{"name":"car","wheels":4}]}'
    )
    assert document.read_document(written) == with_toys(CAR).catalog
    assert document.read_document('{"databases":[],"resources":[]}') == with_toys().catalog


def test_a_plan_goes_through_a_further_section() -> None:
    before, desired = with_toys(CAR, BIKE), with_toys(replace(CAR, wheels=3))
    assert plan.plan_catalog(before, desired, prune=False).lines == (
        "~ toy car: wheels 4 → 3",
        "= toy bike: not in the file, kept (--prune deletes it)",
    )
    pruned = plan.plan_catalog(before, desired, prune=True)
    assert pruned.lines == ("- toy bike", "~ toy car: wheels 4 → 3")
    assert pruned.result == desired
    with pytest.raises(plan.PlanError, match=r"^with those not in the file there would be 3 toys, at most 2 "):
        plan.plan_catalog(before, with_toys(Toy("cart", 2)), prune=False)


def test_what_is_secret_of_a_section_is_planned_by_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    secret_toys = replace(
        TOYS, secrets=EntrySecrets(field="upstream_tokens", changes=lambda before, after: iter(["password changed"]))
    )
    monkeypatch.setattr(plan, "SECTIONS", (*(section for section in SECTIONS if not section.secrets), secret_toys))
    before = WholeCatalog(with_toys(CAR).catalog, {"car": "old", "left over": "x"})
    planned = plan.plan_catalog(before, WholeCatalog(with_toys(CAR).catalog, {"car": "new"}), prune=False)
    assert planned.lines == ("~ toy car: password changed",)
    assert planned.result.upstream_tokens == {"car": "new"}


def test_a_further_section_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryCatalog(with_toys(CAR).catalog)
    monkeypatch.setattr(
        commands,
        "open_stores",
        lambda _: Stores(store, MemoryAudience(), MemorySecrets(), MemoryAppSecrets(), "https://hub.example"),
    )
    shown = CliRunner().invoke(commands.catalog, ["show"])
    assert shown.output.endswith("apps: []\napp_groups: []\naudience_groups: []\nevents: []\ntoys:\n- {name: car, wheels: 4}\n")
