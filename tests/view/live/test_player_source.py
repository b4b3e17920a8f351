# SPDX-License-Identifier: GPL-2.0-only
"""The C beside the heap: every step's place in the files, the posted lines' ids, and which function is shown."""

from functools import cache
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.view.live.widgets import player_widget

TRACES = {
    "teardown": kp.run("09"),
    "unwinding": kp.run("09", fail="kvm_init_mmu_notifier"),
    "planes": kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True),
    "before": kp.run("08"),
    "oops": kp.run("09", freed="poisoned"),
}
BETWEEN = {"+28", "+33", "+45"}  # empty lines between functions
# Functions of 08 that call no other, by the one that calls them.
DETAILS = {
    "kvm_create_vm": {
        "kvm_arch_alloc_vm", "kvm_init_irq_routing", "kvm_alloc_bus", "kvm_arch_init_vm", "kvm_enable_virtualization",
        "kvm_init_mmu_notifier", "kvm_coalesced_mmio_init", "kvm_create_vm_debugfs",
    },
    "kvm_destroy_vm": {
        "kvm_destroy_vm_debugfs", "kvm_free_irq_routing", "kvm_coalesced_mmio_free", "kvm_arch_destroy_vm",
        "kvm_arch_free_vm", "kvm_disable_virtualization",
    },
}  # fmt: skip


@cache
def data_of(name: str) -> dict[str, Any]:
    return dict(player_widget(TRACES[name]).data)


@pytest.mark.parametrize("name", TRACES)
def test_every_place_can_be_pointed_at(name: str) -> None:
    data = data_of(name)
    single = [told for told in data["steps"] if "to" not in told]
    for fold in (told for told in data["steps"] if "to" in told):  # it has the place of its steps
        assert {told["stack"] for told in single if fold["n"] <= told["n"] <= fold["to"]} == {fold["stack"]}
    for step, told in zip(TRACES[name].steps, single, strict=True):
        frames = data["stacks"][told["stack"]]["frames"] if "stack" in told else []
        for frame, (place, number) in zip(step.stack, frames, strict=True):
            listing = data["functions"][place]
            assert (listing["name"], number, listing["file"]) == (frame.function, frame.lineno, frame.file)
            assert listing["lines"][number - listing["first"]].strip() == frame.line
            assert listing["ids"].get(number) == next(iter(frame.ids), None)


@pytest.mark.parametrize("name", TRACES)
def test_functions_are_lines_of_the_file_and_no_other_is_there(name: str) -> None:
    trace, data = TRACES[name], data_of(name)
    names = [listing["name"] for listing in data["functions"]]
    assert names == sorted({frame.function for step in trace.steps for frame in step.stack})
    for listing in data["functions"]:
        text = trace.version.tree[listing["file"]]
        rows = text[listing["first"] - 1 :][: len(listing["lines"])]
        assert listing["name"] in rows[0].text
        assert rows[-1].text == "}"
        assert listing["lines"] == [row.text.expandtabs(4) for row in rows]


def test_posted_lines_have_their_ids() -> None:
    assert not any(listing["ids"] for listing in data_of("before")["functions"])
    shown = {
        id_: listing["lines"][number - listing["first"]].split()
        for listing in data_of("teardown")["functions"]
        for number, id_ in listing["ids"].items()
    }
    posted = [line for line in kp.PATCH.select("+14..+54") if line.id not in BETWEEN]
    assert shown == {line.id: line.text.split() for line in posted}


def shown_for(name: str) -> dict[str, str]:
    """For each function in which steps happen, the one that is shown."""
    data = data_of(name)
    names = [listing["name"] for listing in data["functions"]]
    stacks = [([names[place] for place, _ in stack["frames"]], stack["at"]) for stack in data["stacks"]]
    return {stack[0]: stack[at] for stack, at in stacks}


def test_a_detail_of_the_code_before_the_patch_does_not_hide_its_caller() -> None:
    whole = ("kvm_dev_ioctl_create_vm", "kvm_create_vm", "kvm_create_plane", "kvm_put_kvm", "kvm_destroy_vm",
             "kvm_destroy_planes", "kvm_destroy_one_plane")  # fmt: skip
    details = {detail: caller for caller, details in DETAILS.items() for detail in details}
    assert shown_for("teardown") == {name: name for name in whole} | details


def test_what_a_later_patch_adds_or_changes_is_shown() -> None:
    planes = shown_for("planes")
    assert planes["kvm_get_kvm"] == "kvm_get_kvm"  # 29 adds it
    assert planes["kvm_arch_destroy_vm"] == "kvm_arch_destroy_vm"  # 10 changes it
    assert planes["kvm_arch_free_vm"] == "kvm_destroy_vm"


def test_what_a_reader_changes_is_shown_and_so_is_what_it_prints() -> None:
    own = 'void kvm_arch_free_vm(struct kvm *kvm)\n{\n    printk("free %p\\n", kvm);\n    kfree(kvm);\n}\n'
    data = player_widget(kp.run(kp.VERSIONS["09"].replace(own)), only="planes").data
    (told,) = [step for step in data["steps"] if step["text"] == "The kernel's log says: free kvm#1"]
    stack = data["stacks"][told["stack"]]
    place, _ = stack["frames"][stack["at"]]
    assert data["functions"][place]["name"] == "kvm_arch_free_vm"
    assert (told["goal"], told.get("bad")) == ("report", None)
