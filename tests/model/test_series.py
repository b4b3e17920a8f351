# SPDX-License-Identifier: GPL-2.0-only
"""Versions as edits of 09, and a reader's own functions in their place."""

import functools
from pathlib import Path
from typing import Any

import facts
import pytest

import kvmplanes as kp
from kvmplanes.model import kvm as model
from kvmplanes.model.series import version
from kvmplanes.model.version import Version

V09 = kp.VERSIONS["09"]


def test_the_versions_in_order_of_the_story() -> None:
    assert tuple(kp.VERSIONS) == facts.VERSIONS
    assert all(kp.VERSIONS[name].name == str(kp.VERSIONS[name]) == name for name in kp.VERSIONS)
    with pytest.raises(TypeError):
        kp.VERSIONS["12"] = V09  # type: ignore[index]


def test_09_is_the_text_of_kvm_py() -> None:
    assert V09.based_on == ""
    assert V09.edits == ()
    text = Path(model.__file__).read_text(encoding="utf-8")
    for function in V09.functions.values():
        assert function.source in text
        assert function.code.__name__ == function.name


@pytest.mark.parametrize(
    ("name", "base", "changed"),
    [
        ("08", "09", {"kvm_arch_alloc_vm", "kvm_create_vm", "kvm_destroy_vm"}),
        ("rfc", "08", {"kvm_arch_alloc_vm", "kvm_create_vm", "kvm_destroy_vm"}),
        ("10", "09", {"kvm_create_plane", "kvm_arch_destroy_vm"}),
        ("11", "10", {"kvm_destroy_vm"}),
        ("29", "11", {"kvm_vm_ioctl_check_extension", "kvm_dev_ioctl_check_extension"}),
        ("29-fixed", "29", {"kvm_vm_ioctl_create_plane"}),
    ],
)
def test_a_version_says_only_what_differs(name: str, base: str, changed: set[str]) -> None:
    ours, theirs = kp.VERSIONS[name], kp.VERSIONS[base]
    assert ours.based_on == base
    shared = set(ours.sources) & set(theirs.sources)
    assert {function for function in shared if ours.sources[function] != theirs.sources[function]} == changed
    assert {function for function, _, _ in ours.edits} <= changed


def test_11_swaps_two_lines_and_no_more() -> None:
    free, planes = "    k.kvm_arch_free_vm(kvm)\n", "    k.kvm_destroy_planes(kvm)\n"
    text = V09.functions["kvm_destroy_vm"].source.replace("  # +54", "")
    assert text.replace(free + planes, planes + free) == kp.VERSIONS["11"].functions["kvm_destroy_vm"].source


def test_a_line_without_its_comment_and_the_ids_in_it() -> None:
    create = V09.functions["kvm_create_plane"]
    lines = create.source.splitlines()
    at = next(n for n, line in enumerate(lines, 1) if "# +24" in line)
    assert create.line(at) == "kvm.planes[plane_level] = plane"
    assert create.ids(at) == ("+24",)
    assert (create.line(0), create.line(99), create.ids(0), create.ids(99)) == ("", "", (), ())
    load = V09.functions["kvm_destroy_planes"]
    assert load.ids(3) == ("+39",)  # a limit beside it is no id


def test_versions_are_compared_by_identity() -> None:
    same = V09.replace(kvm_destroy_vm=V09.sources["kvm_destroy_vm"])
    assert same != V09
    assert len({same, V09, kp.VERSIONS["09"]}) == 2


def test_unknown_versions_name_the_known_ones() -> None:
    assert version("09") is version(V09) is V09
    for wrong in ("9", "12", "", 9):
        with pytest.raises(ValueError, match="versions are rfc, 08, 09, 10, 11, 29, 29-fixed"):
            version(wrong)  # type: ignore[arg-type]


# -- a reader's own functions -----------------------------------------------------------------------------


def mine(k: Any, kvm: Any) -> None:
    """kvm_destroy_vm with 11's order; defined here, so its text is known."""
    mm = kvm.mm
    k.kvm_destroy_pm_notifier(kvm)
    k.kvm_destroy_vm_debugfs(kvm)
    k.list_del(kvm)
    k.kvm_free_irq_routing(kvm)
    for i, bus in enumerate(kvm.buses):
        k.kfree(bus)
        kvm.buses[i] = kp.NULL
    k.kvm_coalesced_mmio_free(kvm)
    k.mmu_notifier_unregister()
    k.kvm_arch_destroy_vm(kvm)
    k.cleanup_srcu_struct(kvm, "irq_srcu")
    k.cleanup_srcu_struct(kvm, "srcu")
    k.kvm_destroy_planes(kvm)  # +54
    k.kvm_arch_free_vm(kvm)
    k.preempt_notifier_dec()
    k.kvm_disable_virtualization()
    k.mmdrop(mm)


MINE = """
    def kvm_destroy_vm(k, kvm):
        k.kvm_destroy_planes(kvm)
        mm = kvm.mm
        k.mmdrop(mm)
"""


def test_a_repair_defined_in_a_file() -> None:
    repaired = V09.replace(kvm_destroy_vm=mine)
    assert (repaired.name, repaired.based_on) == ("09+", "09")
    assert kp.certify(repaired).clean
    trace = kp.run(repaired)
    freed = next(step for step in trace.steps if step.what == "free" and step.obj == "plane#0")
    outer = freed.stack[2]
    assert (outer.function, outer.line, outer.ids) == ("kvm_destroy_vm", "k.kvm_destroy_planes(kvm)", ("+54",))
    assert [frame.function for frame in freed.stack] == [
        "kvm_destroy_one_plane", "kvm_destroy_planes", "kvm_destroy_vm", "kvm_put_kvm", "kvm_vm_release",
    ]  # fmt: skip
    assert "teardown planes" in freed.events
    assert repaired.functions["kvm_destroy_vm"].source.startswith("def mine(")


def test_a_repair_by_an_edit() -> None:
    old = "k.kvm_arch_free_vm(kvm)\nk.kvm_destroy_planes(kvm)  # +54"
    new = "k.kvm_destroy_planes(kvm)\nk.kvm_arch_free_vm(kvm)"
    repaired = V09.edit("mine", "the order of 11", ("kvm_destroy_vm", old, new))
    assert kp.certify(repaired).clean
    assert repaired.edits == (("kvm_destroy_vm", old, new),)


def test_an_edit_may_leave_comments_out_or_use_them() -> None:
    assert V09.edit("m", "m", ("kvm_destroy_vm", "k.kvm_destroy_planes(kvm)", "pass")).sources != V09.sources
    said = "the old lines stand there 3 times"
    with pytest.raises(ValueError, match=said):
        V09.edit("m", "m", ("kvm_create_vm", "r = -ENOMEM", "r = -EINVAL"))
    marked = V09.edit("m", "m", ("kvm_create_vm", "r = -ENOMEM  # +48", "r = -EINVAL"))
    assert "= -EINVAL" in marked.functions["kvm_create_vm"].source
    spaced = V09.replace(kvm_destroy_vm="def kvm_destroy_vm(k, kvm):\n    x = 1\n\n    y = 2\n")
    assert spaced.edit("m", "m", ("kvm_destroy_vm", "y = 2", "y = 3")).functions["kvm_destroy_vm"].line(4) == "y = 3"


def test_a_lambda() -> None:
    leaky = kp.VERSIONS["11"].replace(kvm_destroy_one_plane=lambda k, plane: None)  # noqa: ARG005
    assert [(d.kind, d.obj) for d in kp.run(leaky).defects] == [("leak", "plane#0")]
    direct = V09.replace(kvm_destroy_one_plane=lambda k, plane: k.kfree(plane))
    freed = next(step for step in kp.run(direct).steps if step.what == "free" and step.obj == "plane#0")
    assert freed.function == "kvm_destroy_one_plane"
    assert "lambda k, plane: k.kfree(plane)" in freed.line


def test_a_function_without_source() -> None:
    namespace: dict[str, Any] = {}
    exec("def f(k, plane):\n    k.kfree(plane)\n", namespace)  # noqa: S102
    trace = kp.run(V09.replace(kvm_destroy_one_plane=namespace["f"]))
    freed = next(step for step in trace.steps if step.what == "free" and step.obj == "plane#0")
    assert (freed.function, freed.line, freed.stack[0].ids) == ("kvm_destroy_one_plane", "", ())
    assert len(trace.defects) == 17


def test_a_callable_that_is_no_function() -> None:
    """It has no frame of its own; its caller stands for it."""
    trace = kp.run(kp.VERSIONS["11"].replace(kvm_destroy_planes=functools.partial(lambda k, kvm: None)))  # noqa: ARG005
    assert [(d.kind, d.obj) for d in trace.defects] == [("leak", "plane#0")]


def test_a_decorated_function_shows_the_code_that_runs() -> None:
    def twice(f: Any) -> Any:
        @functools.wraps(f)
        def again(k: Any, plane: Any) -> None:
            f(k, plane)
            f(k, plane)

        return again

    @twice
    def destroy(k: Any, plane: Any) -> None:
        k.kfree(plane)

    trace = kp.run(kp.VERSIONS["11"].replace(kvm_destroy_one_plane=destroy))
    (bad,) = trace.defects
    assert bad.kind == "double-free"
    assert trace.steps[bad.step].line == "f(k, plane)"


def test_text_at_any_indent() -> None:
    changed = V09.replace(kvm_destroy_vm=MINE)
    assert changed.functions["kvm_destroy_vm"].line(2) == "k.kvm_destroy_planes(kvm)"
    assert kp.certify(changed).counts["leak"] == 2


def test_text_reaches_other_functions_through_k_alone() -> None:
    """A direct call would run 09's function whatever the version."""
    said = r"does not set 'kvm_arch_free_vm'; known without that are functions as k\.NAME, and EBUSY, "
    with pytest.raises(ValueError, match=said):
        V09.replace(kvm_destroy_vm="def kvm_destroy_vm(k, kvm): kvm_arch_free_vm(k, kvm)")


def test_a_name_that_is_set_nowhere_does_not_compile() -> None:
    edited = V09.edit("m", "no mm", ("kvm_destroy_vm", "mm = kvm.mm", ""))
    with pytest.raises(ValueError, match="kvm_destroy_vm does not set 'mm'"):
        kp.run(edited)
    helped = V09.replace(
        kvm_destroy_one_plane="FREE = 1\ndef kvm_destroy_one_plane(k, plane):\n    k.kfree(plane)\n    FREE"
    )
    assert len(kp.run(helped).defects) == 17


def test_a_reader_s_errors_are_shown_with_their_line() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        kp.run(V09.replace(kvm_destroy_vm="def kvm_destroy_vm(k, kvm):\n    1 / 0\n"))
    assert "1 / 0" in str(caught.traceback[-1].statement)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ({"kvm_destroy": mine}, "09 has no function 'kvm_destroy'; it has kvm_create_plane, .*kvm_destroy_vm"),
        ({"kvm_plane_release": mine}, "09 has no function 'kvm_plane_release'"),
        ({"kvm_destroy_vm": 3}, "kvm_destroy_vm must be a function or its text, not 3"),
        ({"kvm_destroy_vm": "x = 1"}, "the text for kvm_destroy_vm defines no function kvm_destroy_vm"),
        ({"kvm_destroy_vm": "def destroy(k, kvm): pass"}, "defines no function kvm_destroy_vm"),
        ({"kvm_destroy_vm": lambda kvm: None}, r"kvm_destroy_vm is called with \(k, kvm\)"),  # noqa: ARG005
        ({"kvm_create_vm": "def kvm_create_vm(k): pass"}, r"kvm_create_vm is called with \(k, type, fdname\)"),
    ],
)
def test_bad_replacements_name_what_is_allowed(functions: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        V09.replace(**functions)


def test_a_jump_to_a_missing_label_does_not_compile() -> None:
    said = "kvm_create_vm jumps to 'out_no_planes'; its labels are out_err_no_debugfs, .*out_err_no_srcu$"
    block = 'if goto.label("out_no_planes"):  # +53'
    edited = V09.edit("m", "no label", ("kvm_create_vm", block, "if True:"))
    with pytest.raises(ValueError, match=said):
        kp.run(edited)
    text = V09.functions["kvm_create_vm"].source.replace(block, "if True:")
    with pytest.raises(ValueError, match=said):
        V09.replace(kvm_create_vm=text)
    for quoted in ('"out"', "'out'"):
        with pytest.raises(ValueError, match="jumps to 'out'; its labels are none"):
            V09.replace(kvm_destroy_vm=f"def kvm_destroy_vm(k, kvm): raise k.goto({quoted})")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("kvm_destroy", "", ""), "09 has no function 'kvm_destroy'; it has kvm_create_plane"),
        (("kvm_destroy_vm", "k.nothing()", ""), "kvm_destroy_vm: the old lines stand there 0 times, not once"),
        (("kvm_create_vm", "if r:", ""), "kvm_create_vm: the old lines stand there 5 times, not once"),
        (("kvm_destroy_vm", "k.mmdrop(m)", ""), "0 times"),  # whole lines only
    ],
)
def test_bad_edits_say_what_is_wrong(edit: tuple[str, str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        V09.edit("m", "mutant", edit)


def test_a_reader_s_own_function_is_not_edited_as_text() -> None:
    own: Version = V09.replace(kvm_destroy_vm=mine)
    with pytest.raises(ValueError, match="only text can be edited"):
        own.edit("m", "mutant", ("kvm_destroy_vm", "k.mmdrop(mm)", ""))
