# SPDX-License-Identifier: GPL-2.0-only
"""What is said about other patches: each has its mail in claims.toml, and the pages say what stands there."""

import doctest
import re

import pytest

from kvmplanes.patch import claims
from kvmplanes.patch.claims import CLAIMS, load
from tests.helpers.minutes import ROOT, cells_of

STUDIED = "09/60"
NAMED = re.compile(r"(?<![\d/])(\d\d)/(60|29)(?![\d/])")
SPELT = re.compile(r"\b[Pp]atch (\d\d)\b")  # "patch 28" is 28/60
RULES = {"60": "20260608144252.351443-{}-joro@8bytes.org", "29": "20250401161106.790710-{}-pbonzini@redhat.com"}
PAGE = "notebooks/references.ipynb"  # names every patch that is named anywhere
WORDS = [name for name in CLAIMS if "/" not in name]
CODE = (".py", ".c", ".h", ".md", ".js")


def prose() -> dict[str, str]:
    """Path -> what a reader reads there: prose of the notebooks, README, the site's pages, texts of the package."""
    texts_of = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        texts_of[path] = "\n\n".join(
            "".join(cell["source"]) for cell in cells_of(path) if cell["cell_type"] == "markdown"
        )
    texts = [ROOT / "README.md", *(ROOT / "notebooks/site").glob("*.md"), *(ROOT / "kvmplanes").rglob("*.toml")]
    texts_of |= {path: path.read_text(encoding="utf-8") for path in texts if path.name != "claims.toml"}
    return {str(path.relative_to(ROOT)): text for path, text in texts_of.items()}


def named(text: str) -> set[str]:
    """The patches other than the one under study that a text names."""
    numbers = {f"{number}/{series}" for number, series in NAMED.findall(text)}
    numbers |= {f"{number}/60" for number in SPELT.findall(text)}
    return (numbers - {STUDIED}) | {name for name in WORDS if name in text}


def test_patches_are_found_in_each_way_to_name_them() -> None:
    text = "26/60, (28/60) and 03/29; patch 31; 09/60; patches 01 to 09; on 2026/60; 10/603"
    assert named(text) == {"26/60", "28/60", "03/29", "31/60"}


def test_every_patch_that_a_page_names_has_its_mail() -> None:
    for path, text in prose().items():
        assert named(text) <= set(CLAIMS), f"{path}: add the patch to kvmplanes/patch/claims.toml"


def test_every_patch_that_the_code_names_has_its_mail() -> None:
    files = [path for path in (ROOT / "kvmplanes").rglob("*") if path.suffix in CODE]
    for path in [*files, *(ROOT / "kvmplanes/model/c/series").glob("*.patch")]:
        assert named(path.read_text(encoding="utf-8")) <= set(CLAIMS), path


@pytest.mark.parametrize("patch", CLAIMS)
def test_a_claim_lists_where_it_is_used(patch: str) -> None:
    places = {path: named(text) for path, text in prose().items() if path != PAGE}
    assert list(CLAIMS[patch].used) == sorted(path for path, patches in places.items() if patch in patches)


@pytest.mark.parametrize("patch", [name for name in CLAIMS if name not in WORDS])
def test_the_message_id_follows_the_rule_of_its_series(patch: str) -> None:
    number, _, series = patch.partition("/")
    assert CLAIMS[patch].message_id == RULES[series].format(int(number) + 1)


@pytest.mark.parametrize("patch", CLAIMS)
def test_the_page_of_references_says_the_same(patch: str) -> None:
    claim = CLAIMS[patch]
    row = f"| [{patch}]({claim.url}) | {claim.claim} | {claim.how} |"
    assert row in prose()[PAGE].splitlines()


def test_the_page_of_references_says_nothing_else_about_a_patch() -> None:
    rows = re.findall(r"^\| \[([^\]]+)\]\(https://lore\.kernel\.org", prose()[PAGE], re.MULTILINE)
    assert sorted(rows) == sorted([*CLAIMS, STUDIED])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("mail read", "seen"), "how must be one of mail read, index, second hand, not 'seen'"),
        (("a@b", "a"), "claim on 10/60: give a Message-ID"),
        (("used = []", ""), "claim on 10/60: give message_id, how, claim and used"),
    ],
)
def test_a_claim_without_its_source_is_refused(change: tuple[str, str], says: str) -> None:
    table = '["10/60"]\nmessage_id = "a@b"\nhow = "mail read"\nclaim = "It moves."\nused = []\n'
    assert load(table)["10/60"].claim == "It moves."
    with pytest.raises(ValueError, match=re.escape(says)):
        load(table.replace(*change))


def test_the_example_runs() -> None:
    assert doctest.testmod(claims) == (0, 3)
