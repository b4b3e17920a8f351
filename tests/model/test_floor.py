# SPDX-License-Identifier: GPL-2.0-only
"""What the C stands on: gotos, counted references, failing calls, addresses, descriptors, files, memory of structs."""

import re
import sys
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.model.faults import ERRNOS, Fail, Injector, errno_name
from kvmplanes.model.floor import NATIVES, Kernel, layout
from kvmplanes.model.heap import NULL, POISON, Event, Layout, Oops
from kvmplanes.model.runtime import ERR_PTR, IS_ERR, PTR_ERR, RUN_TIME, SRCU
from kvmplanes.model.series import ALL
from tests.helpers.small_c import held, kernel, result


def test_err_ptr() -> None:
    pointer = ERR_PTR(-ERRNOS["ENOMEM"])
    assert IS_ERR(pointer)
    assert PTR_ERR(pointer) == -ERRNOS["ENOMEM"]
    assert repr(pointer) == "ERR_PTR(-ENOMEM)"
    assert pointer is not NULL
    assert pointer == ERR_PTR(-ERRNOS["ENOMEM"]) != ERR_PTR(-ERRNOS["EINVAL"])
    assert pointer  # in C it is no NULL, either


def test_what_is_no_error_pointer() -> None:
    assert ERR_PTR(0) is NULL
    assert not IS_ERR(NULL)
    assert PTR_ERR(NULL) == 0
    assert not IS_ERR(ERR_PTR(ERRNOS["ENOMEM"])), "a positive number is no errno"
    assert not IS_ERR(ERR_PTR(-4096))
    assert IS_ERR(ERR_PTR(-4095))
    or_null = RUN_TIME["IS_ERR_OR_NULL"]
    assert [or_null(p) for p in (NULL, ERR_PTR(-1), ERR_PTR(1), object())] == [True, True, False, False]


def test_an_err_ptr_is_not_to_be_followed() -> None:
    k, _ = kernel()
    pointer: Any = ERR_PTR(-ERRNOS["ENOMEM"])
    with pytest.raises(Oops, match=r"ERR_PTR\(-ENOMEM\)->planes is read"):
        _ = pointer.planes
    with pytest.raises(Oops, match=r"ERR_PTR\(-ENOMEM\)->error is read"):
        _ = pointer.error
    with pytest.raises(Oops, match=r"ERR_PTR\(-ENOMEM\)->mm is written"):
        pointer.mm = 1
    with pytest.raises(Oops, match=r"kfree\(ERR_PTR\(-ENOMEM\)\)"):
        k.kfree(pointer)


def test_errno_names() -> None:
    assert errno_name(-ERRNOS["EEXIST"]) == errno_name(ERRNOS["EEXIST"]) == "EEXIST"
    with pytest.raises(ValueError, match="-999 is no errno that is known here; EPERM, ENOENT"):
        errno_name(-999)


@pytest.mark.skipif(sys.platform != "linux", reason="Python's numbers are those of the machine")
def test_errnos_are_those_of_linux() -> None:
    import errno

    assert {name: getattr(errno, name) for name in ERRNOS} == dict(ERRNOS)


def test_errnos_of_the_c_are_those_of_linux() -> None:
    names = ("EPERM", "ENOENT", "EINTR", "EIO", "E2BIG", "EAGAIN", "ENOMEM", "EFAULT", "EBUSY", "EEXIST", "ENODEV",
             "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ENOSPC", "EOPNOTSUPP")  # fmt: skip
    for name in names:
        assert result(f"int f(void)\n{{\n\treturn -{name};\n}}\n") == -ERRNOS[name]


def test_goto_falls_through_from_its_label_on() -> None:
    k, events = kernel("""
        void f(void)
        {
            goto b;
        a:
            printk("a");
        b:
            printk("b");
        c:
            printk("c");
        }
    """)
    k.c["f"]()
    assert events == [
        Event("goto", "b"), Event("label", "b"), Event("print", "b"), Event("label", "c"), Event("print", "c"),
    ]  # fmt: skip


def test_references_are_counted_and_one_too_many_is_a_defect() -> None:
    k, events = kernel()
    k.shim_get("vm_list")
    k.shim_put("vm_list")
    k.shim_put("vm_list")
    assert [(e.what, e.value, e.defect) for e in events] == [
        ("get", "1", None),
        ("put", "0", None),
        ("put", "-1", "double-free"),
    ]


def test_mmdrop_needs_an_address_space() -> None:
    k, _ = kernel()
    k.mmgrab("mm")
    k.mmdrop("mm")
    assert k.refs["mm"] == 0
    for wrong in (NULL, POISON):
        with pytest.raises(Oops, match=r"mmdrop\((NULL|0x6b6b6b6b6b6b6b6b)\)") as caught:
            k.mmdrop(wrong)
        assert caught.value.defect == ("null-dereference" if wrong is NULL else None)


def test_each_run_has_its_own_functions_and_variables() -> None:
    text = "static int n = 3;\n\nint f(int by)\n{\n\tn += by;\n\treturn n;\n}\n"
    first, second = kernel(text)[0], kernel(text)[0]
    assert [first.c["f"](1), first.c["f"](1), second.c["f"](10)] == [4, 5, 13]


def test_a_reference_count_is_one_atomic_write() -> None:
    k, events = kernel("""
        struct thing { long before; refcount_t users; };

        int f(void)
        {
            struct thing *t = kzalloc(sizeof(*t), GFP_KERNEL);

            refcount_set(&t->users, 1);
            refcount_inc(&t->users);
            return refcount_dec_and_test(&t->users) * 10 + refcount_dec_and_test(&t->users);
        }
    """)
    assert k.c["f"]() == 1
    assert [(e.what, e.field, e.value) for e in events[1:]] == [("write", "users", n) for n in "1210"]


def test_a_count_in_freed_memory_is_a_defect_once() -> None:
    k, events = kernel("""
        struct thing { long before; refcount_t users; };

        void f(void)
        {
            struct thing *t = kzalloc(sizeof(*t), GFP_KERNEL);

            kfree(t);
            refcount_inc(&t->users);
        }
    """)
    k.c["f"]()
    assert [(e.what, e.defect) for e in events if e.defect] == [("write", "use-after-free")]


# Calls of 09 that can fail: how each is made and undone in C, and what exists between.
PAIRS: dict[str, tuple[str, str, str]] = {
    "init_srcu_struct(&kvm->srcu)": ("init_srcu_struct(&kvm->srcu)", "cleanup_srcu_struct(&kvm->srcu)", "srcu"),
    "init_srcu_struct(&kvm->irq_srcu)": (
        "init_srcu_struct(&kvm->irq_srcu)", "cleanup_srcu_struct(&kvm->irq_srcu)", "irq_srcu"
    ),
    "kvm_init_irq_routing": ("kvm_init_irq_routing(kvm)", "kvm_free_irq_routing(kvm)", "irq_routing"),
    "kvm_arch_init_vm": ("kvm_arch_init_vm(kvm, 0)", "kvm_arch_destroy_vm(kvm)", "arch"),
    "kvm_coalesced_mmio_init": ("kvm_coalesced_mmio_init(kvm)", "kvm_coalesced_mmio_free(kvm)", "mmio_ring"),
    "kvm_create_vm_debugfs": ('kvm_create_vm_debugfs(kvm, "4")', "kvm_destroy_vm_debugfs(kvm)", "debugfs"),
    "kvm_enable_virtualization": ("kvm_enable_virtualization()", "kvm_disable_virtualization()", "virtualization"),
    "kvm_init_mmu_notifier": (
        "kvm_init_mmu_notifier(kvm)", "mmu_notifier_unregister(&kvm->mmu_notifier, kvm->mm)", "mmu_notifier"
    ),
}  # fmt: skip


def pair(call: str, fail: Fail = None) -> tuple[Kernel, list[Event], Any]:
    """A kernel of 09 with a VM, and functions make() and undo() for one pair."""
    make, undo, _ = PAIRS[call]
    own = f"""
        static int make(struct kvm *kvm)
        {{
            return {make};
        }}

        static void undo(struct kvm *kvm)
        {{
            {undo};
        }}
    """
    events: list[Event] = []
    unit = ALL["09"].replace(own).unit
    k = Kernel(unit, Injector(fail), events.append)
    return k, events, k.heap.alloc(layout(unit, "kvm", 1 << 20), 1)


@pytest.mark.parametrize("call", PAIRS)
def test_a_call_and_its_undoing(call: str) -> None:
    k, _, kvm = pair(call)
    if call == "kvm_arch_init_vm":  # its undoing looks at SRCU
        kvm.srcu = k.heap.alloc(Layout("kvm", {SRCU: NULL}))
    assert k.c["make"](kvm) == 0
    assert held(k) == [PAIRS[call][2]]
    k.c["undo"](kvm)
    assert held(k) == []


@pytest.mark.parametrize("call", PAIRS)
def test_a_failing_call_leaves_nothing(call: str) -> None:
    k, events, kvm = pair(call, call)
    failed = k.c["make"](kvm)
    assert failed == -(ERRNOS["EBUSY"] if call == "kvm_enable_virtualization" else ERRNOS["ENOMEM"])
    assert held(k) == []
    assert Event("fail", call, value=errno_name(failed)) in events


def test_mmu_notifier_ops_are_set_before_registration_can_fail() -> None:
    """out_no_coalesced_mmio tests ops: they say that notifiers are compiled in, not that registration worked."""
    k, _, kvm = pair("kvm_init_mmu_notifier", "kvm_init_mmu_notifier: EINTR")
    assert k.c["make"](kvm) == -ERRNOS["EINTR"]
    assert kvm.mmu_notifier_ops


def test_srcu_has_to_be_there_and_live_when_the_arch_state_goes() -> None:
    k, events, kvm = pair("kvm_arch_init_vm")
    k.c["make"](kvm)
    with pytest.raises(Oops, match=f"NULL->{SRCU} is read") as null:
        k.c["undo"](kvm)
    assert null.value.defect == "null-dereference"
    kvm.srcu = k.heap.alloc(Layout("srcu", {SRCU: NULL}))
    k.heap.free(kvm.srcu)
    k.c["undo"](kvm)
    assert [(event.obj, event.field) for event in events if event.defect == "use-after-free"] == [("srcu", SRCU)] * 2


def test_an_undone_resource_is_undone_twice() -> None:
    """The pointer stays behind, as in the kernel."""
    k, events, kvm = pair("kvm_init_irq_routing")
    k.c["make"](kvm)
    k.c["undo"](kvm)
    k.c["undo"](kvm)
    assert [event.defect for event in events if event.what == "free"] == [None, "double-free"]


def test_kzalloc_is_named_after_the_function_that_asks() -> None:
    unit = ALL["09"].unit
    k = Kernel(unit, Injector("kvm_create_plane(kvm, 3)"), lambda _: None)
    kvm = k.heap.alloc(layout(unit, "kvm", 1 << 20), 1)
    assert repr(k.c["kvm_create_plane"](kvm, 2)) == "plane#2"
    assert k.c["kvm_create_plane"](kvm, 3) is NULL
    assert list(kp.run("rfc").calls)[2] == "kvm_create_vm_plane(kvm, 0)"


def test_every_native_is_there_and_declared() -> None:
    k, _ = kernel()
    declared = "".join(line.text for line in ALL["08"].tree["shim.h"])
    for name in NATIVES:
        assert callable(k.c[name]) == (name not in ("current", "vm_list"))
        assert name.startswith("_") or re.search(rf"\b{name}[(;]", declared)


def test_sizes_and_places_are_those_of_a_64_bit_machine() -> None:
    """Against gcc's own, in oracle/: here the figures that a reader meets."""
    plane, kvm = (layout(ALL["09"].unit, name, 1 << 20) for name in ("kvm_plane", "kvm"))
    assert list(plane.zero) == ["kvm", "level"]
    assert list(plane.poison.values()) == [POISON, 0x6B6B6B6B]
    assert kvm.arrays == {"planes": 16, "buses": 5}
    assert [n for n in range(24) if layout(ALL["09"].unit, "kvm_plane", n).beyond] == list(range(12))
    assert layout(ALL["09"].unit, "kvm_plane", 8).beyond == {"level"}


def test_structs_inside_a_struct_have_flat_names() -> None:
    names = list(layout(ALL["08"].unit, "kvm", 1 << 20).zero)
    assert {"slots_generation", "slots_node_idx", "mmu_notifier_ops", "mmu_notifier_users"} < {*names}
    assert {"users_count", "srcu", "irq_srcu", "arch", "vcpu_array"} < {*names}, (
        "one with a single member is that member"
    )
    assert not {"lock", "vm_list", "gpc_lock", "mmu_lock"} & {*names}, "a type without members shows nothing"
