# SPDX-License-Identifier: GPL-2.0-only
"""Which failable call fails, and with which errno."""

import errno

import pytest

from kvmplanes.model.faults import CALLS, Fail, Failslab, Injector, base
from tests.helpers import facts

SLAB, OTHER = "init_srcu_struct(&kvm->srcu)", "kvm_enable_virtualization"


def asked(fail: Fail, *calls: str) -> list[str | None]:
    injector = Injector(fail)
    return [injector.ask(call) for call in calls]


def test_calls_and_errnos_are_those_of_the_c() -> None:
    """Base name -> errnos, the usual one first, as read in the kernel."""
    wanted: dict[str, tuple[str, ...]] = {}
    for version in facts.VERSIONS:
        for call in (*facts.create_vm_calls(version), *facts.create_plane_calls(1)):
            assert wanted.setdefault(base(call.name), call.errnos) == call.errnos
    assert {name: errnos for name, (errnos, _) in CALLS.items()} == wanted
    assert all(hasattr(errno, name) for errnos, _ in CALLS.values() for name in errnos)


def test_what_failslab_reaches() -> None:
    """A descriptor, a kvzalloc that falls back, a CPU in use and a whole page are no slab allocations that fail."""
    beyond = {"get_unused_fd_flags", "kvm_arch_alloc_vm", "kvm_enable_virtualization", "kvm_coalesced_mmio_init"}
    assert {name for name, (_, slab) in CALLS.items() if not slab} == beyond


def test_nothing_fails_unless_asked_to() -> None:
    injector = Injector()
    assert [injector.ask(call) for call in (SLAB, OTHER)] == [None, None]
    assert injector.asked == [SLAB, OTHER]
    assert injector.failed == []


def test_a_number_counts_every_failable_call() -> None:
    assert asked(2, SLAB, OTHER, SLAB) == [None, "EBUSY", None]
    assert asked(3, SLAB, OTHER, SLAB) == [None, None, "ENOMEM"]


def test_several_numbers() -> None:
    assert asked((1, 3), SLAB, OTHER, SLAB, OTHER) == ["ENOMEM", None, "ENOMEM", None]
    assert asked((), SLAB, OTHER) == [None, None]


def test_by_name() -> None:
    irq = "init_srcu_struct(&kvm->irq_srcu)"
    assert asked(irq, SLAB, irq, irq) == [None, "ENOMEM", None]
    assert asked("init_srcu_struct", SLAB, irq) == ["ENOMEM", None]  # the first call of that function
    assert asked("kvm_arch_init_vm: EINVAL", "kvm_arch_init_vm") == ["EINVAL"]
    assert asked("kvm_arch_init_vm", "kvm_arch_init_vm") == ["ENOMEM"]


def test_failures_are_kept_with_their_errno() -> None:
    injector = Injector("anon_inode_getfile: ENFILE")
    injector.ask("anon_inode_getfile(plane 3)")
    assert injector.failed == [("anon_inode_getfile(plane 3)", "ENFILE")]


def test_a_reader_s_own_call_is_an_allocation() -> None:
    assert asked(1, "my_alloc") == ["ENOMEM"]
    assert asked(Failslab(), "my_alloc") == ["ENOMEM"]
    assert asked("my_alloc", SLAB, "my_alloc", "my_alloc") == [None, "ENOMEM", None]
    assert asked("my_copy: EFAULT", "my_copy") == ["EFAULT"]


class TestFailslab:
    """Documentation/fault-injection: times, then interval, then probability; only calls that pass are counted."""

    def test_reaches_slab_allocations_only(self) -> None:
        assert asked(Failslab(times=-1), OTHER, SLAB, OTHER, SLAB) == [None, "ENOMEM", None, "ENOMEM"]

    def test_times_limits_the_failures(self) -> None:
        assert asked(Failslab(), *[SLAB] * 4) == ["ENOMEM", None, None, None]
        assert asked(Failslab(times=2), *[SLAB] * 4) == ["ENOMEM", "ENOMEM", None, None]
        assert asked(Failslab(times=0), *[SLAB] * 4) == [None] * 4
        assert asked(Failslab(times=-1), *[SLAB] * 4) == ["ENOMEM"] * 4

    def test_interval_counts_calls_that_failslab_reaches(self) -> None:
        assert asked(Failslab(interval=3, times=-1), *[SLAB] * 7) == [None, None, "ENOMEM", None, None, "ENOMEM", None]
        assert asked(Failslab(interval=2), OTHER, OTHER, SLAB, OTHER, SLAB) == [None, None, None, None, "ENOMEM"]

    def test_probability(self) -> None:
        assert asked(Failslab(probability=0, times=-1), *[SLAB] * 50) == [None] * 50
        thirty = asked(Failslab(probability=30, times=-1, seed=1), *[SLAB] * 2000)
        assert 500 < thirty.count("ENOMEM") < 700

    def test_the_seed_decides(self) -> None:
        runs = [asked(Failslab(50, 1, -1, seed), *[SLAB] * 30) for seed in (7, 7, 8)]
        assert runs[0] == runs[1] != runs[2]

    @pytest.mark.parametrize(
        ("figures", "said"),
        [
            ({"probability": 101}, "0..100 percent, not 101"),
            ({"probability": -1}, "0..100 percent, not -1"),
            ({"interval": 0}, "1 or more, not 0"),
            ({"times": -2}, "-1 .no limit. or more, not -2"),
        ],
    )
    def test_figures_out_of_range(self, figures: dict[str, int], said: str) -> None:
        with pytest.raises(ValueError, match=said):
            Failslab(**figures)


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        (0, "fail counts failable calls from 1, not 0"),
        (-3, "fail counts failable calls from 1, not -3"),
        (True, "None, a number or a tuple of them, a call's name or Failslab, not True"),
        (1.5, "None, a number or a tuple of them, a call's name or Failslab, not 1.5"),
        ((1, True), "None, a number or a tuple of them, a call's name or Failslab, not .1, True."),
        ((1, "kvm_create_plane"), "None, a number or a tuple of them, a call's name or Failslab, not .1, 'kvm"),
        ((2, 0), "fail counts failable calls from 1, not .2, 0."),
        ("copy_to_user: EWRONG", "copy_to_user fails with an errno such as EFAULT, not 'EWRONG'"),
        ("kvm_arch_init_vm: EPERM", "kvm_arch_init_vm fails with ENOMEM or EINVAL, not 'EPERM'"),
        ("kvm_create_plane: ENOSPC", "kvm_create_plane fails with ENOMEM, not 'ENOSPC'"),
    ],
)
def test_bad_input_names_what_is_allowed(fail: Fail, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Injector(fail)
