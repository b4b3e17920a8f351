# SPDX-License-Identifier: GPL-2.0-only
"""Model and C on scenarios and edits that nobody thought of. KVMPLANES_MORE=10 takes ten times as many."""

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from kvmplanes.model.faults import CALLS, Failslab, Injector
from kvmplanes.model.heap import Freed
from kvmplanes.model.machine.tree import text_of
from kvmplanes.model.series import ALL
from kvmplanes.model.version import MAIN
from kvmplanes.oracle import Driver, Edit, Scenario, disagreements, side_by_side, with_edits
from kvmplanes.oracle.compiled.edits import ACTIONS, Edited, functions_of, random_edits, undo_statements
from kvmplanes.oracle.compiled.fuzz import SEED, compared, fuzzed, main
from kvmplanes.runs import scenario
from kvmplanes.runs.trace import Trace

MORE = int(os.environ.get("KVMPLANES_MORE", "1"))
EDITS = 20 * MORE
IDS = (0, 1, 2, 15, 16, 2**32 + 5, 2**63 + 7, 2**64 - 1)
WITH_PLANES = tuple(name for name in ALL if ALL[name].creates_planes)
WITHOUT = tuple(name for name in ALL if name not in WITH_PLANES)


def some(examples: int) -> settings:
    return settings(
        max_examples=examples * MORE,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.explain],
    )


BASIC = ["KVM_CREATE_VM", "KVM_CHECK_EXTENSION system", "KVM_CHECK_EXTENSION vm", "close(vm)"]
PLANES = [verb.format(i) for i in IDS for verb in ("KVM_CREATE_PLANE {}", "close(plane {})")]
FAILSLAB = st.builds(
    Failslab,
    probability=st.integers(1, 60),
    interval=st.integers(1, 3),
    times=st.sampled_from([-1, 1, 2, 3]),
    seed=st.integers(0, 999),
)
NAMES = st.sampled_from([f"{call}: {errno}" for call, (errnos, _) in CALLS.items() for errno in errnos])


def sequences(name: str) -> st.SearchStrategy[list[str]]:
    more = st.lists(st.sampled_from(BASIC + PLANES if ALL[name].creates_planes else BASIC), max_size=9)
    return more.map(lambda ops: ["KVM_CREATE_VM", *ops])


def numbers_of(fail: Failslab, trace: Trace) -> tuple[int, ...]:
    """The failable calls that failslab hit in a trace: what the C is told in place of the rule."""
    injector = Injector(fail)
    return tuple(n for n, call in enumerate(trace.calls, 1) if injector.ask(call))


@pytest.mark.parametrize("name", [*WITH_PLANES, *WITHOUT])
def test_random_scenarios(name: str, driver: Callable[..., Driver]) -> None:
    chosen = ALL[name]

    @some(250 if name in WITH_PLANES else 75)
    @given(
        sequences(name),
        st.none() | st.integers(1, 30) | NAMES | FAILSLAB,
        st.booleans(),
        st.sampled_from(["kept", "kept", "zeroed", "poisoned"]),
    )
    def check(ops: list[str], fail: int | str | Failslab | None, retry: bool, freed: Freed) -> None:
        try:
            trace = scenario.run(chosen, ops=ops, fail=fail, retry=retry, freed=freed)
        except ValueError as unreached:
            assume("nothing fails" not in str(unreached))
            raise
        failing = numbers_of(fail, trace) if isinstance(fail, Failslab) else fail
        result = driver(name).run(Scenario(tuple(ops), failing, retry, freed))
        assert not disagreements(trace, result), side_by_side(trace, result)

    check()


# -- random edits of the undo code ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("compiler")
def test_random_edits_of_the_undo_code() -> None:
    """A sample of what `python -m kvmplanes.oracle.compiled.fuzz --edits 1000` compares."""
    made = list(fuzzed(EDITS))
    assert [f"{fuzz.edited}\n{events}" for fuzz in made for events in fuzz.wrong] == []
    assert len(made) == EDITS
    assert sum(fuzz.runs for fuzz in made) > 15 * EDITS


KNOWN = {
    "a descriptor that is an errno": (
        "09", "kvm_dev_ioctl_create_vm", "if (fd < 0)\n    return fd;",
        "if (fd < 0) {\n    put_unused_fd(fd);\n    return fd;\n}",
    ),
    "an address space that is NULL": ("09", "kvm_destroy_vm", "mmdrop(mm);", "mmdrop(kvm->mm);"),
    "a member read after it was written": (
        "09", "kvm_create_vm", "mmgrab(current->mm);", "kvm_arch_free_vm(kvm);\nmmgrab(current->mm);",
    ),
    "an argument that is read and not used": (
        "11", "kvm_destroy_vm", "mmdrop(mm);", "mmu_notifier_unregister(&kvm->mmu_notifier, kvm->mm);\nmmdrop(mm);",
    ),
    "a line in the log": (
        "09", "kvm_create_plane", "plane->kvm = kvm;",
        'printk("\\"%u\\" of %d\\n", plane_level, -16);\nplane->kvm = kvm;',
    ),
}  # fmt: skip


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("name", KNOWN)
def test_edits_on_which_model_and_c_differed_once(name: str, objects: Path) -> None:
    base, *edit = KNOWN[name]
    function, old, new = edit
    made = compared(Edited(ALL[base], (), ALL[base].edit(name, name, (function, old, new))), objects)
    assert made.runs >= 20
    assert made.wrong == ()


def test_random_edits_are_the_same_for_a_seed_and_all_different() -> None:
    def first(seed: int) -> list[Edited]:
        return list(islice(random_edits(ALL.values(), seed), 40))

    def texts(made: list[Edited]) -> list[str]:
        return [text_of(edit.version.tree, MAIN) for edit in made]

    some_edits = first(SEED)
    assert texts(first(SEED)) == texts(some_edits) != texts(first(SEED + 1))
    assert len({*texts(some_edits), *(text_of(version.tree, MAIN) for version in ALL.values())}) == 40 + len(ALL)
    assert {edit.action for made in some_edits for edit in made.edits} == {*ACTIONS}
    assert str(some_edits[0]) == f"{some_edits[0].base}: {'; '.join(map(str, some_edits[0].edits))}"


@pytest.mark.parametrize("name", ALL)
def test_undo_statements_are_found(name: str) -> None:
    version = ALL[name]
    statements = {each: len(undo_statements(version.functions[each].source)) for each in functions_of(version)}
    assert statements["kvm_dev_ioctl_create_vm"] == 2
    assert statements.get("kvm_vm_ioctl_create_plane") == {"29": 3, "29-fixed": 4}.get(name)
    assert statements["kvm_create_vm"] >= 11
    assert statements["kvm_destroy_vm"] >= 14


CREATE = "kvm_dev_ioctl_create_vm"
UNDO = "\tkvm_put_kvm(kvm);\nput_fd:\n\tput_unused_fd(fd);\n"


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (Edit(CREATE, "move", 0, 1), "put_fd:\n\tput_unused_fd(fd);\n\tkvm_put_kvm(kvm);\n"),
        (Edit(CREATE, "swap", 0, 1), "\tput_unused_fd(fd);\nput_fd:\n\tkvm_put_kvm(kvm);\n"),
        (Edit(CREATE, "drop", 2), "put_fd:\n\tput_unused_fd(fd);\n"),
        (Edit(CREATE, "twice", 1), f"{UNDO}\tput_unused_fd(fd);\n"),
    ],
    ids=str,
)
def test_an_edit_moves_statements_and_leaves_labels(edit: Edit, text: str) -> None:
    before = ALL["08"].functions[CREATE].source
    made = with_edits(ALL["08"], [edit])
    assert made.functions[CREATE].source == before.replace(UNDO, text) != before


def test_an_edit_copies_a_statement_and_gives_a_goto_another_label() -> None:
    edits = [Edit(CREATE, "copy", 1, 1), Edit(CREATE, "goto", 0, 0)]
    diff = ALL["08"].diff(with_edits(ALL["08"], edits))
    assert [row for row in diff.splitlines() if row.startswith(("+\t", "-\t"))] == [
        "+\tput_unused_fd(fd);",
        "-\t\tgoto put_fd;",
        "+\t\tgoto put_kvm;",
    ]


def test_a_function_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"09 has kvm_create_vm, .*, kvm_dev_ioctl_create_vm to edit, not 'x'"):
        with_edits(ALL["09"], [Edit("x", "drop", 0)])


@pytest.mark.usefixtures("compiler")
def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--edits", "3", "--samples", "2"]) == 0
    samples, edits = capsys.readouterr().out.splitlines()
    assert samples == "2 random samples of C, 0 disagreements"
    assert edits.startswith("3 random edits, ")
    assert edits.endswith(" runs, 0 disagreements")
