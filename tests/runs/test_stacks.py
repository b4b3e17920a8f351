# SPDX-License-Identifier: GPL-2.0-only
"""Where a step stands: functions, files, line numbers and posted lines."""

import pytest

import kvmplanes as kp
from kvmplanes.model.version import MAIN, UNITS
from kvmplanes.runs.trace import Trace


@pytest.fixture(scope="module")
def posted() -> Trace:
    return kp.run("09")


@pytest.mark.parametrize("name", kp.VERSIONS)
def test_every_frame_shows_the_line_that_is_there(name: str) -> None:
    certificate = kp.certify(name)
    version = certificate.version
    frames = {frame for path in certificate.paths for step in path.trace.steps for frame in step.stack}
    assert {frame.file for frame in frames} == {*UNITS}
    for frame in frames:
        row = version.tree[frame.file][frame.lineno - 1]
        assert row.text.strip() == frame.line
        assert (row.id,) == (frame.ids or ("",))
        assert frame.line
        place = version.unit.places[frame.function]
        assert place.file == frame.file
        assert place.first < frame.lineno < place.last


def test_neighbours_stand_on_the_stack(posted: Trace) -> None:
    """Who frees the bus, who allocates it: functions of another file, called from the one under study."""
    made = next(step for step in posted.steps if (step.what, step.obj) == ("alloc", "bus#KVM_PIO_BUS"))
    assert [(frame.function, frame.file, frame.line) for frame in made.stack[:2]] == [
        ("kvm_alloc_bus", UNITS[1], "return shim_alloc(names[bus][0], names[bus][1], sizeof(struct kvm_io_bus));"),
        ("kvm_create_vm", MAIN, "kvm->buses[i] = kvm_alloc_bus(i);"),
    ]  # fmt: skip
    freed = next(step for step in posted.steps if (step.what, step.obj) == ("free", "kvm#1"))
    assert [frame.function for frame in freed.stack] == [
        "kvm_arch_free_vm", "kvm_destroy_vm", "kvm_put_kvm", "kvm_vm_release",
    ]  # fmt: skip


def test_the_first_defect_stands_at_the_posted_lines(posted: Trace) -> None:
    step = posted.steps[posted.defects[0].step]
    assert [(frame.function, frame.lineno, frame.line, frame.ids) for frame in step.stack] == [
        ("kvm_destroy_planes", 45, "if (kvm->planes[i] == NULL)", ("+39",)),
        ("kvm_destroy_vm", 173, "kvm_destroy_planes(kvm);", ("+54",)),
        ("kvm_put_kvm", 182, "kvm_destroy_vm(kvm);", ()),
        ("kvm_vm_release", 189, "kvm_put_kvm(kvm);", ()),
    ]
