# SPDX-License-Identifier: GPL-2.0-only
"""Laws that hold across rooms: the patch's lines, the model beside them, and the measured figures."""

import doctest
import itertools
import re
from pathlib import Path

import facts
import pytest

import kvmplanes as kp
from kvmplanes.model import kvm as model
from kvmplanes.trace import Trace


def test_the_package_s_own_example_runs() -> None:
    result = doctest.testmod(kp)
    assert result.attempted >= 4
    assert result.failed == 0


# -- every added line is hit -------------------------------------------------------------------------------

SCENARIOS = {
    "close": lambda: kp.run("09"),
    "plane refused": lambda: kp.run("09", fail="kvm_create_plane"),
    "unwound": lambda: kp.run("09", fail="init_srcu_struct"),
    "asked": lambda: kp.run("09", ops=("KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm")),
}


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    return {name: make() for name, make in SCENARIOS.items()}


def test_every_added_line_s_event_is_hit(traces: dict[str, Trace]) -> None:
    hit = frozenset[str]().union(*(trace.events for trace in traces.values()))
    assert len(kp.PATCH.added) == 54
    missed = [str(line) for line in kp.PATCH.added if line.event not in hit]
    assert missed == []


def test_no_scenario_hits_everything(traces: dict[str, Trace]) -> None:
    """An event that every run shows would say nothing."""
    wanted = {line.event for line in kp.PATCH.added}
    for name, trace in traces.items():
        assert wanted - trace.events, name
    assert not wanted & kp.run("08").events


def test_every_line_that_does_something_is_at_work(traces: dict[str, Trace]) -> None:
    """Lines with an effect of their own; tests, returns and declarations show through these."""
    at_work = {"+16", "+21", "+22", "+24", "+31", "+39", "+41", "+42", "+47", "+49", "+52", "+53", "+54"}
    assert at_work == frozenset[str]().union(*(trace.ids for trace in traces.values()))


# -- the model beside the C --------------------------------------------------------------------------------

# Words of C that Python says in another way, or not at all.
_UNSAID = {"static", "void", "unsigned", "int", "sizeof", "GFP_KERNEL_ACCOUNT", "define"}
# `+36` declares a loop variable; comments, braces and blank lines say nothing to a machine.
_NO_COUNTERPART = {"+36"}


def c_words(text: str) -> set[str]:
    """The words of a C line that the model's line must have, too; a pointer's type is not among them."""
    code = re.sub(r"for \((\w) = 0; \1 < (\w+); \+\+\1\)", r"for \1 \2", text)
    code = re.sub(r"struct (\w+) \*+", "", code)
    code = re.sub(r"kvm_destroy_one_plane\(kvm->planes\[i\]\)", "kvm_destroy_one_plane(plane)", code)  # limit: one load
    code = re.sub(r"struct (\w+)", r"struct_\1", code)
    return set(re.findall(r"\w+", code)) - _UNSAID


def python_words() -> dict[str, set[str]]:
    """Id -> the words of the model's lines that name it."""
    found: dict[str, set[str]] = {}
    source = Path(model.__file__).read_text(encoding="utf-8")
    for line in source.splitlines():
        code, _, comment = line.partition("  # ")
        for name in re.findall(r"\+\d\d", comment):
            found.setdefault(name, set()).update(re.findall(r"\w+", code))
    return found


def test_each_id_in_the_model_stands_beside_the_same_statement() -> None:
    ours = python_words()
    for name, words in ours.items():
        wanted = c_words(kp.PATCH.line(name).text)
        assert wanted, name
        assert wanted <= words, f"{kp.PATCH.line(name)}: the model's line lacks {wanted - words}"


def test_each_statement_of_the_patch_has_its_line_in_the_model() -> None:
    statements = {
        line.id
        for line in kp.PATCH.added
        if line.text.strip(" \t{};") and not line.text.strip().startswith(("/*", "*"))
    }
    assert statements - _NO_COUNTERPART == set(python_words())


def test_a_wrong_line_would_be_noticed() -> None:
    """The comparison above tells neighbours apart: no C line fits a neighbour's place."""
    ours = python_words()
    for one, other in itertools.pairwise(sorted(ours)):
        if ours[one] == ours[other]:  # the three lines of struct kvm_plane are one line of the model
            continue
        both = c_words(kp.PATCH.line(one).text) <= ours[other] and c_words(kp.PATCH.line(other).text) <= ours[one]
        assert not both, (one, other)


# -- balance and measured figures ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_counted_references_balance_on_every_path(version: str) -> None:
    """Most of all mmgrab and mmdrop; 09's defect does not disturb the counts."""
    for planes in [None, (1, 3)] if version in facts.WITH_IOCTL else [None]:
        for path in kp.certify(version, planes=planes).paths:
            gets = [step.obj for step in path.trace.steps if step.what == "get"]
            puts = [step.obj for step in path.trace.steps if step.what == "put"]
            assert sorted(gets) == sorted(puts), path.call
            assert path.trace.steps == () or path.trace.steps[-1].state.refs == ()


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_object_is_freed_once_on_a_clean_path(version: str) -> None:
    for path in kp.certify(version).paths:
        made = [step.obj for step in path.trace.steps if step.what == "alloc"]
        gone = [step.obj for step in path.trace.steps if step.what == "free"]
        assert (sorted(made) == sorted(gone)) == (path.outcome not in ("leak", "double-free")), path.call


@pytest.mark.parametrize("version", ["09", "10"])
@pytest.mark.parametrize("vms", [1, 2, 5])
def test_17_accesses_for_each_destroyed_vm(version: str, vms: int) -> None:
    """Measured on a kernel with KASAN: 16 reads and 1 write per close, 2278 = 17 x 134 in the whole sweep."""
    defects = kp.run(version, ops=("KVM_CREATE_VM", "close(vm)") * vms).defects
    assert {defect.kind for defect in defects} == {"use-after-free"}
    assert sum(defect.access == "read" for defect in defects) == 16 * vms
    assert sum(defect.access == "write" for defect in defects) == vms
    assert {defect.function for defect in defects} == {"kvm_destroy_planes"}


@pytest.mark.parametrize("version", ["09", "10"])
def test_nothing_inside_kvm_create_vm_shows_it(version: str) -> None:
    """The measured sweep: no failure inside kvm_create_vm() gives a report; the failing file and the close do."""
    for path in kp.certify(version).paths:
        shows = path.call in ("anon_inode_getfile", "")
        assert (len(path.trace.defects) == 17) == shows
        assert bool(path.trace.defects) == shows
        assert any(step.function == "kvm_destroy_vm" for step in path.trace.steps) == shows


def test_the_patch_adds_one_failable_call() -> None:
    """Measured: 201 failable allocations before, 202 with it."""
    assert set(kp.run("09").calls) - set(kp.run("08").calls) == {"kvm_create_plane(kvm, 0)"}
    assert len(kp.run("09").calls) == len(kp.run("08").calls) + 1


def test_without_the_unwinding_line_planes_leak() -> None:
    """Measured (order of teardown right, line +52 gone): every failure after plane 0 leaks it, save getfile's."""
    gone = ("kvm_create_vm", "k.kvm_destroy_planes(kvm)  # +52", "pass")
    c = kp.certify(kp.VERSIONS["11"].edit("11 without +52", "no unwinding", gone))
    leaking = [path.number for path in c.paths if path.outcome == "leak"]
    assert leaking == list(range(4, 17))
    assert all(path.defects == "plane#0 leaked" for path in c.paths if path.outcome == "leak")


def test_limits_are_named() -> None:
    """A deviation from the C stands in the text as `limit: name`."""
    text = Path(model.__file__).read_text(encoding="utf-8")
    named = {name for names in re.findall(r"limit: ([\w ,]+)", text) for name in names.split(", ")}
    assert {"memslots", "devices", "uevent", "srcu", "arch", "vcpus", "kvzalloc", "one load"} <= named
