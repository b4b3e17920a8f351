# SPDX-License-Identifier: GPL-2.0-only
"""`Version.apply` and `Version.diff`: unified diffs, whole mails, damaged ones."""

import pytest

import kvmplanes as kp
from kvmplanes.model.machine.tree import CError, Line
from kvmplanes.model.series import ALL, diff_of
from kvmplanes.model.version import MAIN
from tests.helpers.trees import FREE, PLANES, SWAP, ids, texts

V09, V11 = kp.VERSIONS["09"], kp.VERSIONS["11"]

DIFF = f"""\
--- a/virt/kvm/kvm_main.c
+++ b/virt/kvm/kvm_main.c
@@ -172,2 +172,2 @@
-\t{FREE}
 \t{PLANES}
+\t{FREE}
"""


def test_a_diff_is_applied() -> None:
    repaired = V09.apply(DIFF)
    assert (repaired.name, repaired.title, repaired.based_on) == ("09+", f"{V09.title}, with a diff", "09")
    assert texts(repaired) == texts(ALL["09-fixed"])
    assert kp.certify(repaired).clean
    named = V09.apply(DIFF, "mine", "a swap")
    assert (named.name, named.title) == ("mine", "a swap")


def test_a_line_that_a_diff_moves_keeps_its_id() -> None:
    """Whichever of the two lines the diff takes out and puts in again."""
    other = DIFF.replace(f"-\t{FREE}\n \t{PLANES}\n+\t{FREE}\n", f"+\t{PLANES}\n \t{FREE}\n-\t{PLANES}\n")
    for diff in (DIFF, other):
        assert ids(V09.apply(diff))["+54"] == (MAIN, 172, f"\t{PLANES}")
        assert len(ids(V09.apply(diff))) == 54


def test_lines_may_have_moved() -> None:
    for at in (1, 40, 172, 400):
        moved = DIFF.replace("-172,2 +172,2", f"-{at},2 +{at},2")
        assert texts(V09.apply(moved)) == texts(ALL["09-fixed"])
    later = kp.VERSIONS["10"].apply(DIFF)
    assert texts(later) == texts(V11)


def test_the_nearest_place_is_taken() -> None:
    rows = V09.tree[MAIN]
    places = [n for n, row in enumerate(rows, 1) if row.text == "\tif (r)"]
    for n in places:
        diff = f"--- a/{MAIN}\n+++ b/{MAIN}\n@@ -{n},1 +{n},1 @@\n-\tif (r)\n+\tif (r != 0)\n"
        assert V09.apply(diff).tree[MAIN][n - 1] == Line("\tif (r != 0)")


def test_a_whole_mail_is_applied() -> None:
    posted = diff_of("09")
    assert posted is not None
    mail = posted.read_text()
    assert mail.startswith(("From", "Subject", "Date", "Message-ID"))
    assert texts(ALL["08"].apply(mail)) == texts(V09)
    quoted = f"Subject: swap\n\nThe order is wrong.\n\nSigned-off-by: A Reader <a@example.org>\n---\n{DIFF}-- \n2.50\n"
    assert texts(V09.apply(quoted)) == texts(ALL["09-fixed"])


def test_a_file_is_found_by_its_name() -> None:
    assert texts(V09.apply(DIFF.replace("virt/kvm/", ""))) == texts(ALL["09-fixed"])
    assert texts(V09.apply(DIFF.replace("a/virt", "linux.orig/virt").replace("b/virt", "linux/virt"))) == texts(
        ALL["09-fixed"]
    )


@pytest.mark.parametrize(
    ("diff", "said"),
    [
        ("", "there is no diff in this text: a unified diff has lines '--- a/FILE', '... b/FILE' and '@@ ... @@'"),
        ("kvm_destroy_planes(kvm);", "there is no diff in this text"),
        (DIFF.replace(MAIN, "mm/slub.c"), "the diff changes 'mm/slub.c'; the tree has include/linux/.*main.c"),
        (DIFF.replace(FREE, "kvm_free(kvm);"), "main.c: the hunk '@@ -172,2 @@' does not apply: its old lines do"),
        (DIFF.replace(FREE, "kvm_free(kvm);"), "do not stand there; 'kvm_free.kvm.;' stands nowhere"),
        (DIFF.replace(f" \t{PLANES}\n", ""), "this diff cannot be read: "),
        (DIFF.replace("@@ -172,2 +172,2 @@", "@@ -172 @@"), "there is no diff in this text|cannot be read"),
        (DIFF.replace(f"-\t{FREE}\n \t{PLANES}", f"-\t{PLANES}\n \t{FREE}"), "its old lines do not stand there"),
    ],
)  # fmt: skip
def test_a_damaged_diff_says_what_is_wrong(diff: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        V09.apply(diff)


def test_apply_takes_text() -> None:
    with pytest.raises(TypeError, match=r"apply\(\) takes the text of a unified diff, not None"):
        V09.apply(None)  # type: ignore[arg-type]


def test_c_that_is_wrong_after_a_diff_is_an_error_at_its_line() -> None:
    with pytest.raises(CError, match=r"virt/kvm/kvm_main.c:173: 'kvm_arch_freed' is not declared; did you mean"):
        V09.apply(DIFF.replace(f"+\t{FREE}", "+\tkvm_arch_freed(kvm);"))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("other", ["08", "09", "29-fixed"])
def test_a_diff_there_and_back(name: str, other: str) -> None:
    ours, theirs = ALL[name], ALL[other]
    diff = ours.diff(theirs)
    if name == other:
        assert diff == ""
        return
    assert diff.startswith("--- a/")
    assert texts(ours.apply(diff)) == texts(theirs)
    assert texts(theirs.apply(theirs.diff(ours))) == texts(ours)


def test_a_reader_s_edit_as_a_diff() -> None:
    assert V09.diff(V09.edit("m", "m", SWAP)).splitlines() == [
        "--- a/virt/kvm/kvm_main.c",
        "+++ b/virt/kvm/kvm_main.c",
        "@@ -169,8 +169,8 @@",
        " #ifdef CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES",
        " \txa_destroy(&kvm->mem_attr_array);",
        " #endif",
        f"+\t{PLANES}",
        f" \t{FREE}",
        f"-\t{PLANES}",
        " \tpreempt_notifier_dec();",
        " \tkvm_disable_virtualization();",
        " \tmmdrop(mm);",
    ]
