# SPDX-License-Identifier: GPL-2.0-only
"""Certificates: every path run and classed, the shortest counterexample, and the table."""

from collections import Counter

import pytest

import kvmplanes as kp
from kvmplanes.runs.certificate import OUTCOMES, Certificate, Outcome, classify
from kvmplanes.runs.op import Op
from kvmplanes.runs.programs import answers, programs
from tests.helpers import facts


@pytest.fixture(scope="module")
def certificates() -> dict[str, Certificate]:
    return {version: kp.certify(version) for version in kp.VERSIONS}


GETFILE = "anon_inode_getfile"
# Version -> the paths that are not clean, as (program, failing call or "") -> class.
EXPECTED: dict[str, dict[tuple[str, str], Outcome]] = {
    "rfc": {("usual", GETFILE): "leak", ("usual", ""): "leak"},
    "08": {},
    "09": {("usual", GETFILE): "use-after-free", ("usual", ""): "use-after-free"},
    "09-fixed": {},
    "10": {("usual", GETFILE): "use-after-free", ("usual", ""): "use-after-free"},
    "11": {},
    "29": {
        ("usual", f"{GETFILE}(plane 1)"): "double-free",
        ("ids", f"{GETFILE}(plane 1)"): "double-free",
        ("ids", f"{GETFILE}(plane 15)"): "double-free",
        ("exit", f"{GETFILE}(plane 1)"): "double-free",
    },
    "29-fixed": {},
}
PLANES = {"usual": (1,), "ids": (1, 15), "exit": (1,)}  # that each program creates


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_what_each_version_does(version: str, certificates: dict[str, Certificate]) -> None:
    c = certificates[version]
    bad = {(path.program.name, path.call): path.outcome for path in c.paths if path.outcome != "clean"}
    assert bad == EXPECTED[version]
    assert len(c.paths) == 32 if version in facts.WITH_IOCTL else len(c.paths) <= 18
    assert c.clean == (not EXPECTED[version])
    assert c.counts == Counter(path.outcome for path in c.paths)
    assert list(c.counts) == [outcome for outcome in OUTCOMES if outcome in c.counts]


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_failable_call_has_its_path(version: str, certificates: dict[str, Certificate]) -> None:
    vm, c = facts.create_vm_calls(version), certificates[version]
    assert [program.name for program in c.programs] == (list(PLANES) if version in facts.WITH_IOCTL else ["usual"])
    for program in c.programs:
        planes = PLANES[program.name] if version in facts.WITH_IOCTL else ()
        calls = [*vm, *(call for n in planes for call in facts.create_plane_calls(n))]
        first = 0 if program is c.programs[0] else len(vm)  # where no VM comes into being, the first program stands
        *failing, whole = (path for path in c.paths if path.program is program)
        assert [(path.number, path.call, path.trace.failed, path.errno, path.exit) for path in failing] == [
            (n, call.name, ((call.name, call.errnos[0]),), call.errnos[0], call.label or "return")
            for n, call in enumerate(calls, 1)
        ][first:]
        assert (whole.number, whole.call, whole.trace.failed, whole.errno, whole.exit) == (0, "", (), "", "close")


@pytest.mark.parametrize(("version", "planes"), [(v, p) for v in facts.WITH_IOCTL for p in ((1, 3), (), (15,))])
def test_other_planes(version: str, planes: tuple[int, ...]) -> None:
    c = kp.certify(version, planes=planes)
    assert [program.name for program in c.programs] == ["usual"]
    assert ", ".join(c.programs[0].ops) == kp.run(version, planes=planes).scenario
    assert len(c.paths) == 18 + 3 * len(planes)
    bad = [path.call for path in c.paths if path.outcome != "clean"]
    assert bad == ([f"{GETFILE}(plane {n})" for n in planes] if version == "29" else [])


def test_the_counterexample_is_the_shortest_bad_run(certificates: dict[str, Certificate]) -> None:
    for version, c in certificates.items():
        bad = [path.trace for path in c.paths if path.outcome != "clean"]
        if not bad:
            assert c.counterexample is None
        else:
            assert c.counterexample in bad
            assert len(c.counterexample.steps) == min(len(trace.steps) for trace in bad), version


def test_defects_in_words(certificates: dict[str, Certificate]) -> None:
    words = {version: {path.defects for path in c.paths} - {"none"} for version, c in certificates.items()}
    assert words == {
        "rfc": {"plane#0 leaked"},
        "08": set(),
        "09": {"16 reads and 1 write after free"},
        "09-fixed": set(),
        "10": {"16 reads and 1 write after free"},
        "11": set(),
        "29": {
            "1 read after free; 1 double free",
            "1 read after free; 1 double free; KVM_CREATE_PLANE 1 returns EEXIST, not success",
        },
        "29-fixed": set(),
    }


def test_verdict_and_table(certificates: dict[str, Certificate]) -> None:
    c = certificates["09"]
    assert c.verdict == (
        f"09: 18 paths, 2 use-after-free, 16 clean; {c.states} states (one CPU, one failure, one program)"
    )
    head, *rows = c.table()
    assert head == ("n", "failing call", "errno", "exit", "outcome", "defects")
    assert rows[4] == ("3", "kvm_create_plane(kvm, 0)", "ENOMEM", "out_no_planes", "clean", "")
    assert rows[1] == ("-", "none", "-", "close", "use-after-free", "16 reads and 1 write after free")
    lines = str(c).splitlines()
    assert lines[0] == c.verdict
    assert len(lines) == 2 + 18
    assert all(line == line.rstrip() for line in lines)
    assert c.legend == ()


def test_programs_are_named_where_there_are_several(certificates: dict[str, Certificate]) -> None:
    c = certificates["29"]
    assert c.verdict.endswith(" states (one CPU, one failure, 3 programs)")
    head, *rows = c.table()
    assert head == ("n", "program", "failing call", "errno", "exit", "outcome", "defects")
    assert [row[5] == "clean" for row in rows] == [False] * 4 + [True] * 28  # the bad ones first
    assert ("18", "usual", "get_unused_fd_flags(plane 1)", "EMFILE", "return", "clean", "") in rows
    assert ("21", "ids", "get_unused_fd_flags(plane 15)", "EMFILE", "return") in [row[:5] for row in rows]
    assert rows[-1] == ("-", "exit", "none", "-", "close", "clean", "")
    lines = str(c).splitlines()
    assert len(lines) == 2 + 32 + 3
    assert lines[-3:] == list(c.legend)
    assert lines[-1] == "exit: KVM_CREATE_VM, KVM_CREATE_PLANE 1"


def test_states_are_counted(certificates: dict[str, Certificate]) -> None:
    for c in certificates.values():
        states = {step.state for path in c.paths for step in path.trace.steps}
        assert c.states == len(states) > 150
        assert f"; {len(states)} states" in c.verdict


def test_a_wrong_errno() -> None:
    """The label ladder may be right and the errno wrong."""
    wrong = kp.VERSIONS["11"].edit(
        "m", "wrong errno", ("kvm_create_vm", "r = -ENOMEM;\ngoto out_no_planes;", "r = -EINVAL;\ngoto out_no_planes;")
    )
    c = kp.certify(wrong)
    assert c.counts == {"wrong errno": 1, "clean": 17}
    (path,) = (path for path in c.paths if path.outcome == "wrong errno")
    assert (path.trace.failed, path.trace.errno) == ((("kvm_create_plane(kvm, 0)", "ENOMEM"),), "EINVAL")
    assert path.defects == "returns EINVAL, not ENOMEM"


def test_an_ignored_failure_is_a_wrong_errno() -> None:
    """kvm_create_vm_debugfs() fails, and nobody looks."""
    call = "kvm_create_vm_debugfs(kvm, fdname);"
    old = f"r = {call}\nif (r)\n    goto out_err_no_debugfs;"
    blind = kp.VERSIONS["11"].edit("m", "blind", ("kvm_create_vm", old, call))
    (path,) = (path for path in kp.certify(blind).paths if path.outcome != "clean")
    said = "returns success, not ENOMEM: forgotten, or to be tolerated?"
    assert (path.outcome, path.defects) == ("wrong errno", said)


def test_an_oops_is_never_clean() -> None:
    """Here the task dies after its last release: nothing leaks, and yet the call never returns."""
    last = "put_unused_fd(fd);"
    end = kp.VERSIONS["11"].edit("m", "dies", ("kvm_dev_ioctl_create_vm", last, f"{last}\nkfree(ERR_PTR(r));"))
    trace = kp.run(end, fail="kvm_arch_alloc_vm")
    assert trace.oops is not None
    assert trace.defects == ()
    assert classify(trace) == "wrong errno"
    assert {path.defects for path in kp.certify(end).paths} == {"none", "Oops"}


def test_the_worst_defect_gives_the_class() -> None:
    """Double free, then use after free, then leak."""
    free = "kfree(plane);"
    two = kp.VERSIONS["09"].edit("m", "frees twice", ("kvm_destroy_one_plane", free, f"{free}\n{free}"))
    assert classify(kp.run(two)) == "double-free"
    assert classify(kp.run("09", freed="zeroed")) == "use-after-free"
    vcpus = "if (plane && plane->kvm->online_vcpus)"
    null = kp.VERSIONS["10"].edit("m", "no test", ("kvm_destroy_vcpus", vcpus, vcpus.replace("plane && ", "")))
    assert classify(kp.run(null)) == "null-dereference"


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="versions are rfc"):
        kp.certify("28")
    with pytest.raises(ValueError, match="versions with it are 29, 29-fixed"):
        kp.certify("09", planes=(1,))
    with pytest.raises(ValueError, match="allowed are ids"):
        kp.certify("29", planes=(16,))
    for failures in (0, 3, True, "1", 1.0, None):
        with pytest.raises(ValueError, match=f"failures must be 1 or 2, not {failures!r}"):
            kp.certify("09", failures=failures)  # type: ignore[arg-type]
    for tolerated in ("kvm_uevent", (1,), 3):
        with pytest.raises(ValueError, match=r"tolerated takes the names of failable calls, such as \('kvm_uevent',\)"):
            kp.certify("09", tolerated=tolerated)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no failable call 'kvm_uevent' to tolerate; 08 reaches get_unused_fd_flags, "):
        kp.certify("08", tolerated=("kvm_uevent",))


def test_the_programs_of_a_version() -> None:
    """One where user space cannot ask for planes, three where it can; with planes of one's own the usual one alone."""
    usual, ids, leave = programs(kp.VERSIONS["29"])
    assert usual.ops == ("KVM_CREATE_VM", "KVM_CREATE_PLANE 1", "close(plane 1)", "close(vm)")
    asked = [op.plane for op in map(Op, ids.ops) if op.verb == "KVM_CREATE_PLANE"]
    assert asked == [0, 1, 1, 15, 16, 2**32 - 1]
    assert ids.ops[-3:] == ("close(vm)", "close(plane 1)", "close(plane 15)")
    assert not any(Op(op).verb == "close" for op in leave.ops)
    assert [program.name for program in programs(kp.VERSIONS["29"], (3,))] == ["usual"]
    assert [program.ops for program in programs(kp.VERSIONS["09"])] == [("KVM_CREATE_VM", "close(vm)")]


def test_what_each_system_call_has_to_return() -> None:
    ops = ("KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm", "KVM_CREATE_PLANE 0", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 3",
           "close(plane 3)", "KVM_CREATE_PLANE 3", "KVM_CREATE_PLANE 4294967299", "KVM_CREATE_PLANE 16", "close(vm)",
           "KVM_CREATE_VM", "KVM_CREATE_PLANE 3")  # fmt: skip
    trace = kp.run("29", ops=ops)
    wanted = ["", "", "EEXIST", "", "EEXIST", "EEXIST", "EEXIST", "EINVAL", "", ""]
    assert [answer.wanted for answer in answers(trace)] == [answer.got for answer in answers(trace)] == wanted
    assert classify(trace) == "clean"
    late = kp.run("29-fixed", ops=ops[:5], fail="kvm_create_plane(kvm, 3)")
    assert [answer.wanted for answer in answers(late)] == ["", "", "EEXIST", "ENOMEM", ""]
    assert [answer.failed for answer in answers(late) if answer.failed] == [("kvm_create_plane(kvm, 3)",)]
