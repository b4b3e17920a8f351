# SPDX-License-Identifier: GPL-2.0-only
"""Reports have the checkers' layout, frames of the C and of the patch, and say whose reports they are."""

import pytest

import kvmplanes as kp
from kvmplanes.runs.trace import Trace
from kvmplanes.view.page.html import Html
from kvmplanes.view.report import report, summary
from tests.helpers.markup import parse

NINE = kp.VERSIONS["09"]
AFTER_PLANE_0 = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"
PAST = f"kvm_create_plane(kvm, 16);\n{AFTER_PLANE_0}"
UNWIND, DROP = "kvm_destroy_planes(kvm);", "mmdrop(current->mm);"
ALLOC = "struct kvm_plane *plane = kzalloc({}, GFP_KERNEL_ACCOUNT);"
TRACES: dict[str, Trace] = {
    "use-after-free": kp.run("09"),
    "double-free": kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)"),
    "leak": kp.run("rfc"),
    "zeroed": kp.run("09", freed="zeroed"),
    "poisoned": kp.run("09", freed="poisoned"),
    "out of bounds": kp.run(NINE.edit("past", "", ("kvm_create_vm", AFTER_PLANE_0, PAST))),
    "null": kp.run(NINE.edit("null", "", ("kvm_create_vm", UNWIND, "r = kvm->planes[3]->level;")), fail=4),
    "mm twice": kp.run(NINE.edit("twice", "", ("kvm_create_vm", DROP, f"{DROP}\n{DROP}")), fail="kvm_create_plane"),
    "too small": kp.run(NINE.edit("small", "", ("kvm_create_plane", ALLOC.format("sizeof(*plane)"), ALLOC.format("8")),
                                  ("kvm_destroy_one_plane", "kfree(plane);", ""))),
}  # fmt: skip


def lines(view: Html) -> list[str]:
    return view.text.splitlines()


def test_use_after_free_has_the_shape_of_kasan() -> None:
    told = lines(report(TRACES["use-after-free"]))
    assert told[0] == told[-1] == "=" * 66
    assert told[1:3] == [
        "BUG: KASAN-like: slab-use-after-free in kvm_destroy_planes",
        "Read of kvm#1->planes[0] at step 44, close(vm)",
    ]
    heads = [line for line in told if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["Call trace:", "Allocated by KVM_CREATE_VM, step 1:", "Freed by close(vm), step 43:"]


def test_frames_are_lines_of_the_c_and_added_lines() -> None:
    trace = TRACES["use-after-free"]
    told = lines(report(trace))
    stack = trace.steps[trace.defects[0].step].stack
    shown = told[told.index("Call trace:") + 1 :][: len(stack) + 1]
    assert [line.split()[0] for line in shown[:-1]] == [frame.function for frame in stack]
    assert [line.split()[1] for line in shown[:-1]] == [f"{frame.file}:{frame.lineno}" for frame in stack]
    assert [line.split(" | ")[1] for line in shown[:3]] == [
        "+39 if (kvm->planes[i] == NULL)", "+54 kvm_destroy_planes(kvm);", "    kvm_destroy_vm(kvm);",
    ]  # fmt: skip
    text = kp.VERSIONS["09"].tree["virt/kvm/kvm_main.c"]
    for line in shown[:-1]:
        number = int(line.split()[1].removeprefix("virt/kvm/kvm_main.c:"))
        assert text[number - 1].text.strip() == line.split(" | ")[1][4:]
    assert any(line.startswith(" kvm_arch_free_vm          virt/kvm/neighbours.c:") for line in told)
    assert shown[-1] == " close(vm)"


def test_the_write_is_a_write() -> None:
    write = next(i for i, defect in enumerate(TRACES["use-after-free"].defects) if defect.access == "write")
    told = report(TRACES["use-after-free"], write).text
    assert "\nWrite of kvm#1->planes[0] at step 46" in told
    assert "| +42" in told


def test_double_free_names_both_frees() -> None:
    told = report(TRACES["double-free"], 1).text
    assert told.splitlines()[1:3] == [
        "BUG: KASAN-like: double-free in kvm_destroy_one_plane",
        "Free of plane#1 at step 79, close(vm)",
    ]
    assert "Allocated by KVM_CREATE_PLANE 1, step 29:" in told
    assert "Freed by KVM_CREATE_PLANE 1, step 38:" in told
    assert "10/60 it is too large for the cache kmalloc-cg-16" in told.replace("\n", " ")


def test_a_leak_has_the_shape_of_kmemleak() -> None:
    assert lines(report(TRACES["leak"]))[1] == "unreferenced object plane#0"
    told = report(TRACES["zeroed"], len(TRACES["zeroed"].defects) - 1).text
    assert "unreferenced object plane#0 (size 16)" in told
    assert "It belongs to the cache kmalloc-cg-16 of size 16." in told.replace("\n", " ")
    assert "Allocated by KVM_CREATE_VM, step 4:\n kvm_create_plane " in told
    assert "Call trace" not in told
    assert "Freed by" not in told


def test_a_lost_reference_is_told_from_lost_memory() -> None:
    trace = TRACES["poisoned"]
    nth = next(i for i, defect in enumerate(trace.defects) if defect.obj == "virtualization")
    told = report(trace, nth).text
    assert "leaked reference: virtualization" in told
    assert "Taken by KVM_CREATE_VM" in told


def test_out_of_bounds_has_the_shape_of_ubsan() -> None:
    told = report(TRACES["out of bounds"]).text
    assert "UBSAN-like: array-index-out-of-bounds in kvm_create_plane\nWrite of kvm#1->planes[16]" in told
    assert "'struct kvm_plane *[16]'" in told
    assert "KASAN is silent" in told


def test_memory_that_is_too_small_has_the_shape_of_kasan() -> None:
    told = report(TRACES["too small"]).text
    assert "BUG: KASAN-like: slab-out-of-bounds in kvm_create_plane\nWrite of plane#0->level at step" in told
    assert (
        "The object is plane#0, a struct kvm_plane, member level. It is larger than the memory that was asked for."
        in (told.replace("\n", " "))
    )
    leaked = report(TRACES["too small"], -1 + len(TRACES["too small"].defects)).text
    assert "unreferenced object plane#0\n" in leaked
    assert "kmalloc-cg-16" not in told + leaked


def test_null_and_counts_below_zero() -> None:
    assert "NULL pointer dereference in kvm_create_vm\nNULL->level is read" in report(TRACES["null"]).text
    assert "reference count below zero in kvm_create_vm: current->mm" in report(TRACES["mm twice"]).text


@pytest.mark.parametrize("name", TRACES)
def test_every_defect_of_every_kind_has_a_report(name: str) -> None:
    trace = TRACES[name]
    for nth, defect in enumerate(trace.defects):
        view = report(trace, nth)
        told = view.text.replace("\n", " ")
        assert f"Report {nth + 1} of {len(trace.defects)}" in told
        assert "This is the model's report, not the kernel's" in told
        assert defect.obj in told
        assert max(map(len, lines(view))) <= 100
        assert "".join("".join(lines(view)[1:-1]).split()) == "".join("".join(parse(view.html).itertext()).split())


@pytest.mark.parametrize("name", TRACES)
def test_each_step_that_a_report_names_leads_there(name: str) -> None:
    trace = TRACES[name]
    for nth, defect in enumerate(trace.defects):
        view = report(trace, nth)
        assert view.runs == (trace,)
        marks = [element for element in parse(view.html).iter("span") if element.get("data-kvmplanes-step")]
        assert [f"step {span.get('data-kvmplanes-step')}" for span in marks] == [span.text for span in marks]
        said = [line for line in lines(view) if "step " in line and not line.startswith(" ")]
        assert len(marks) == len(said)
        for span, line in zip(marks, said, strict=True):
            step = trace.steps[int(span.get("data-kvmplanes-step", ""))]
            happened = {"Allocated by": "alloc", "Taken by": "get", "Freed by": "free"}
            wanted = next((what for head, what in happened.items() if line.startswith(head)), None)
            assert (step.what, step.obj) == (wanted, defect.obj) if wanted else step.index == defect.step


def test_only_what_kasan_watches_is_said_to_be_printed_once() -> None:
    once = "By default KASAN prints only the first report of a boot."
    assert once in report(TRACES["use-after-free"]).text.replace("\n", " ")
    assert once not in report(TRACES["leak"]).text.replace("\n", " ")
    assert once not in report(TRACES["mm twice"]).text.replace("\n", " ")


@pytest.mark.parametrize(("name", "nth"), [("use-after-free", 17), ("use-after-free", -1)])
def test_a_defect_that_is_not_there_is_refused(name: str, nth: int) -> None:
    with pytest.raises(ValueError, match=r"has defects 0\.\.16"):
        report(TRACES[name], nth)


def test_a_clean_run_has_no_report() -> None:
    with pytest.raises(ValueError, match="has no defect"):
        report(kp.run("11"))


def test_summaries_say_outcome_results_and_defects() -> None:
    assert summary(TRACES["use-after-free"]).text == (
        "use-after-free. Version 09: KVM_CREATE_VM returns fd 4.\nDefects: 16 reads and 1 write after free."
    )
    assert summary(kp.run("09", fail=3)).text == (
        "clean. Version 09: KVM_CREATE_VM returns ENOMEM.\nNo defect: whatever was taken has been given back."
    )
    assert "Oops: " in summary(TRACES["poisoned"]).text


@pytest.mark.parametrize("name", TRACES)
def test_summaries_are_html_with_a_sign_beside_the_colour(name: str) -> None:
    for trace in (TRACES[name], kp.run("11")):
        view = summary(trace)
        badge = parse(view.html)[0]
        assert badge.tag == "b"
        assert "background-color:" in badge.get("style", "")
        assert (badge.text or "")[0] in "✓✗"
        assert view.text.startswith((badge.text or "").split("\N{NO-BREAK SPACE}")[1])


def test_the_same_run_gives_the_same_bytes() -> None:
    assert report(kp.run("09"), 3) == report(kp.run("09"), 3) != report(kp.run("09"), 4)
