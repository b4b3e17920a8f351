# SPDX-License-Identifier: GPL-2.0-only
"""A trace: immutable steps, states, stacks, and what is read off them."""

import dataclasses
import re

import pytest

import kvmplanes as kp
from kvmplanes.patch import EVENTS, PATCH
from kvmplanes.runs.certificate import Certificate
from kvmplanes.runs.trace import Object, State, Step, Trace
from tests.helpers import facts


@pytest.fixture(scope="module")
def posted() -> Trace:
    return kp.run("09")


@pytest.fixture(scope="module")
def certificates() -> list[Certificate]:
    return [kp.certify(version) for version in kp.VERSIONS]


def steps_of(certificates: list[Certificate]) -> list[Step]:
    return [step for c in certificates for path in c.paths for step in path.trace.steps]


def find(trace: Trace, text: str) -> Step:
    (step,) = (step for step in trace.steps if step.text == text)
    return step


def last(trace: Trace, text: str) -> Step:
    """Of several: in 11 kvm_destroy_vcpus() walks the slots before kvm_destroy_planes() does."""
    return [step for step in trace.steps if step.text == text][-1]


def test_the_same_run_gives_the_same_trace(posted: Trace) -> None:
    again = kp.run("09")
    assert again == posted
    assert str(again) == str(posted)
    assert hash(again) == hash(posted)


def test_a_trace_cannot_be_changed(posted: Trace) -> None:
    for thing, name in ((posted, "steps"), (posted.steps[0], "value"), (posted.steps[0].state, "refs")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, ())


def test_steps_are_numbered_and_said_in_one_sentence(certificates: list[Certificate]) -> None:
    for certificate in certificates:
        for path in certificate.paths:
            assert [step.index for step in path.trace.steps] == list(range(len(path.trace.steps)))
    for step in steps_of(certificates):
        assert step.text.endswith(".")
        assert step.text[0].isupper() or step.text.startswith(step.obj)
        assert step.subgoal in ("acquire", "publish", "use", "unpublish", "release", "report")


def test_a_step_knows_its_lines(posted: Trace) -> None:
    store = find(posted, "kvm#1->planes[0] now points to plane#0: the plane is published.")
    assert (store.op, store.function, store.line) == (
        "KVM_CREATE_VM",
        "kvm_create_plane",
        "kvm->planes[plane_level] = plane;",
    )
    main = "virt/kvm/kvm_main.c"
    assert [(frame.function, frame.file, frame.lineno, frame.ids) for frame in store.stack] == [
        ("kvm_create_plane", main, 30, ("+24",)),
        ("kvm_create_vm", main, 69, ("+47",)),
        ("kvm_dev_ioctl_create_vm", main, 236, ()),
        ("kvm_dev_ioctl", main, 262, ()),
    ]
    assert store.ids == ("+24", "+47")
    assert (store.what, store.field, store.value, store.subgoal) == ("write", "planes[0]", "plane#0", "publish")
    assert kp.VERSIONS["09"].tree[main][29].text == f"\t{store.line}"


def test_what_user_space_sees_has_no_stack(posted: Trace) -> None:
    answer = find(posted, "KVM_CREATE_VM returns fd 4.")
    assert (answer.stack, answer.function, answer.line, answer.ids) == ((), "", "", ())
    assert answer.subgoal == "report"


def test_states_before_publication_and_after(posted: Trace) -> None:
    assert State().slots == ("NULL",) * 16
    assert State().occupancy == ("empty",) * 16
    assert State().kvm is None
    assert posted.steps[0].state.kvm is None
    allocated = find(posted, "plane#0 is allocated, every byte zero.").state
    assert allocated.slots == ("NULL",) * 16
    store = find(posted, "kvm#1->planes[0] now points to plane#0: the plane is published.").state
    assert store.slots[0] == "plane#0"
    assert store.occupancy == ("live", *["empty"] * 15)
    plane = store.find("plane#0")
    assert plane == Object("plane#0", "plane", live=True, fields=(("kvm", "kvm#1"), ("level", "0")))
    assert plane is not None
    assert (plane.get("kvm"), plane.get("nothing")) == ("kvm#1", "")
    assert store.find("plane#1") is None
    assert dict(store.refs) == {"fd": 1, "current->mm": 1}


def test_every_slot_of_a_freed_vm_is_in_freed_memory(posted: Trace) -> None:
    freed = find(posted, "kvm#1 is freed.").state
    assert freed.kvm is not None
    assert not freed.kvm.live
    assert freed.slots == ("plane#0", *["NULL"] * 15)
    assert freed.occupancy == ("in freed memory",) * 16
    assert posted.steps[-1].state.slots == ("NULL",) * 16
    assert posted.occupancy[-1] == ("in freed memory",) * 16
    assert kp.run("08").occupancy[-1] == ("empty",) * 16, "no planes[], no slot in freed memory"
    assert len(posted.occupancy) == len(posted.steps)


def test_freed_bytes_are_shown_as_they_are() -> None:
    """With init_on_free the slots read as zero from the free on; with poison they all lead nowhere.

    They are in freed memory, whatever they hold.
    """
    zeroed = find(kp.run("09", freed="zeroed"), "kvm#1 is freed.").state
    assert zeroed.slots == ("NULL",) * 16
    assert zeroed.occupancy == ("in freed memory",) * 16
    poisoned = find(kp.run("09", freed="poisoned"), "kvm#1 is freed.").state
    assert set(poisoned.slots) == {"0x6b6b6b6b6b6b6b6b"}
    assert poisoned.occupancy == ("in freed memory",) * 16


def test_a_slot_that_points_to_a_freed_plane_dangles() -> None:
    trace = kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)")
    assert find(trace, "plane#1 is freed.").state.occupancy[:4] == ("live", "dangling", "empty", "empty")


def test_the_latest_vm_is_shown() -> None:
    trace = kp.run("11", ops=("KVM_CREATE_VM", "close(vm)", "KVM_CREATE_VM"))
    second = [step for step in trace.steps if step.what == "return"][1].state
    assert second.kvm is not None
    assert (second.kvm.name, second.kvm.live) == ("kvm#1'", True)
    assert second.slots[0] == "plane#0'"
    assert second.occupancy[0] == "live"


def test_defects_point_to_their_steps(posted: Trace) -> None:
    assert [(d.kind, d.access, d.field) for d in posted.defects[:3]] == [
        ("use-after-free", "read", "planes[0]"),
        ("use-after-free", "write", "planes[0]"),
        ("use-after-free", "read", "planes[1]"),
    ]
    for defect in posted.defects:
        step = posted.steps[defect.step]
        assert (step.defect, step.obj, step.function) == (defect.kind, defect.obj, defect.function)
    (leak,) = kp.run("rfc").defects
    assert (leak.kind, leak.obj, leak.access, leak.function) == ("leak", "plane#0", "", "")


def test_one_defect_for_each_reference_not_given_back() -> None:
    keeps = kp.VERSIONS["11"].edit("m", "keeps mm", ("kvm_destroy_vm", "mmdrop(mm);", ""))
    trace = kp.run(keeps, ops=("KVM_CREATE_VM", "close(vm)") * 3)
    assert [(d.kind, d.obj) for d in trace.defects] == [("leak", "current->mm")] * 3
    assert trace.steps[-1].text == "Never given back: one of the references on the address space."


def test_an_oops_ends_the_run_where_it_stands() -> None:
    trace = kp.run("09", freed="poisoned")
    assert trace.oops is not None
    assert trace.oops.text == "Oops: kfree(0x6b6b6b6b6b6b6b6b). The task dies here and undoes nothing more."
    assert [frame.function for frame in trace.oops.stack][:3] == [
        "kvm_destroy_one_plane", "kvm_destroy_planes", "kvm_destroy_vm",
    ]  # fmt: skip
    assert trace.oops.ids == ("+31", "+41", "+54")
    after = {step.what for step in trace.steps[trace.oops.index + 1 :]}
    assert after == {"leak"}
    assert kp.run("09").oops is None


def test_null_dereference() -> None:
    """What 10/60 depends on: planes[0] is never NULL while a VM exists."""
    test = "if (plane && plane->kvm->online_vcpus)"
    blind = kp.VERSIONS["10"].edit("m", "no test", ("kvm_destroy_vcpus", test, test.replace("plane && ", "")))
    trace = kp.run(blind)
    assert trace.oops is not None
    assert (trace.oops.defect, trace.oops.function) == ("null-dereference", "kvm_destroy_vcpus")
    assert trace.oops.obj == "NULL->kvm is read"


def test_a_variable_without_a_value_is_an_oops() -> None:
    """In C, kvm_create_vm would return whatever lies in r."""
    jump = "goto out_no_planes;"
    forgetful = kp.VERSIONS["11"].edit("m", "r is not set", ("kvm_create_vm", f"r = -ENOMEM;\n{jump}", jump))
    trace = kp.run(forgetful, fail="kvm_create_plane")
    assert trace.oops is not None
    assert trace.oops.line == "return ERR_PTR(r);"
    assert trace.oops.text == (
        "Oops: r is used, and nothing set it before. The task dies here and undoes nothing more."
    )
    assert trace.oops.defect is None
    assert trace.oops.function == "kvm_create_vm"


def test_events_are_the_patch_s_own_words(certificates: list[Certificate]) -> None:
    seen = {event for step in steps_of(certificates) for event in step.events}
    for event in seen - set(EVENTS) - {"write plane.plane"}:  # the RFC's name for level
        assert event.startswith(("goto ", "label ")), event
    assert {label for event in seen if (label := event.partition("label ")[2])} <= {
        label for ladder in facts.LADDER.values() for label in ladder
    } | {"put_kvm", "put_fd"}


@pytest.mark.parametrize(
    ("run", "text", "events"),
    [
        ({}, "plane#0 is allocated, every byte zero.", {"alloc plane"}),
        ({}, "plane#0->kvm is set to kvm#1.", {"write plane.kvm"}),
        ({}, "plane#0->level is set to 0.", {"write plane.level"}),
        ({}, "kvm#1->planes[0] now points to plane#0: the plane is published.", {"store planes[]"}),
        ({}, "kvm#1->planes[0] holds plane#0.", {"load planes[]", "teardown planes"}),
        ({}, "kvm#1->planes[7] is NULL.", {"load planes[]", "teardown planes"}),
        ({}, "kvm#1->planes[0] is emptied.", {"clear planes[]", "teardown planes"}),
        ({}, "plane#0 is freed.", {"free plane", "teardown planes"}),
        ({}, "kvm#1 is freed.", set()),
        ({"fail": "kvm_create_plane"}, "kvm_create_plane(kvm, 0) fails with ENOMEM.", {"fail plane"}),
        ({"fail": "kvm_create_plane"}, "Control jumps to out_no_planes.", {"goto out_no_planes"}),
        ({"fail": "kvm_create_plane"}, "Control is at out_no_planes.", {"label out_no_planes"}),
        ({"fail": "init_srcu_struct"}, "plane#0 is freed.", {"free plane", "unwind planes"}),
        ({"fail": "kvm_arch_init_vm"}, "kvm_arch_init_vm fails with ENOMEM.", set()),
    ],
)
def test_the_events_of_a_step(run: dict[str, str], text: str, events: set[str]) -> None:
    assert last(kp.run("11", **run), text).events == events  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "subgoal"),
    [
        ("plane#0 is allocated, every byte zero.", "acquire"),
        ("Descriptors in use: now 1.", "acquire"),
        ("plane#0->level is set to 0.", "use"),
        ("kvm#1->planes[0] now points to plane#0: the plane is published.", "publish"),
        ("kvm#1->planes[0] holds plane#0.", "use"),
        ("kvm#1->planes[0] is emptied.", "unpublish"),
        ("plane#0 is freed.", "release"),
        ("Descriptors in use: now 0.", "release"),
        ("KVM_CREATE_VM returns fd 4.", "report"),
    ],
)
def test_the_subgoal_of_a_step(text: str, subgoal: str) -> None:
    assert last(kp.run("11"), text).subgoal == subgoal


def test_teardown_and_unwinding_are_told_apart() -> None:
    assert "teardown planes" in kp.run("11").events
    assert "unwind planes" not in kp.run("11").events
    unwound = kp.run("11", fail="init_srcu_struct").events
    assert {"unwind planes", "clear planes[]", "free plane"} <= unwound
    assert "teardown planes" not in unwound


def test_ids_are_lines_of_the_patch(certificates: list[Certificate]) -> None:
    known = {line.id for line in PATCH.added}
    assert {i for step in steps_of(certificates) for i in step.ids} <= known
    assert kp.run("08").ids == frozenset()
    assert {"+16", "+22", "+24", "+41", "+42", "+47"} <= kp.run("29").ids


def test_print_lists_the_steps(posted: Trace) -> None:
    lines = str(posted).splitlines()
    assert lines[0] == "09 KVM_CREATE_VM, close(vm): ok, 17 defects"
    assert len(lines) == 1 + len(posted.steps) - 14  # fifteen empty slots are one line
    assert sum(" ! " in line for line in lines) == 17 - 14
    numbers = [re.findall(r"^ *(\d+(?: to \d+)?) ", line) for line in lines[-6:-3]]
    assert numbers == [["46"], ["47 to 61"], ["62"]]
    assert repr(posted) == f"<Trace 09 KVM_CREATE_VM, close(vm): {len(posted.steps)} steps, ok, 17 defects>"


def test_steps_by_system_call() -> None:
    """The same call made twice stands twice; what is left at exit comes last."""
    trace = kp.run("29", planes=(1,), fail="anon_inode_getfile(plane 1)", retry=True)
    ops = ["KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "KVM_CREATE_PLANE 1", "close(vm)"]
    assert [group[0].op for group in trace.syscalls] == ops
    assert tuple(step for group in trace.syscalls for step in group) == trace.steps
    assert [group[-1].value for group in trace.syscalls[:3]] == ["fd 4", "ENOMEM", "EEXIST"]
    assert [group[0].op for group in kp.run("rfc").syscalls] == ["KVM_CREATE_VM", "close(vm)", "exit"]
