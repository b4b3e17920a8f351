# SPDX-License-Identifier: GPL-2.0-only
"""Certificates: every path run and classed, the shortest counterexample, and the table."""

from collections import Counter

import facts
import pytest

import kvmplanes as kp
from kvmplanes.explore import OUTCOMES, Certificate, Outcome, classify


@pytest.fixture(scope="module")
def certificates() -> dict[str, Certificate]:
    return {version: kp.certify(version) for version in kp.VERSIONS}


GETFILE = "anon_inode_getfile"
# Version -> the paths that are not clean, as failing call ("" for none) -> class.
EXPECTED: dict[str, dict[str, Outcome]] = {
    "rfc": {GETFILE: "leak", "": "leak"},
    "08": {},
    "09": {GETFILE: "use-after-free", "": "use-after-free"},
    "10": {GETFILE: "use-after-free", "": "use-after-free"},
    "11": {},
    "29": {f"{GETFILE}(plane 1)": "double-free"},
    "29-fixed": {},
}


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_what_each_version_does(version: str, certificates: dict[str, Certificate]) -> None:
    c = certificates[version]
    assert {path.call: path.outcome for path in c.paths if path.outcome != "clean"} == EXPECTED[version]
    assert c.clean == (not EXPECTED[version])
    assert c.counts == Counter(path.outcome for path in c.paths)
    assert list(c.counts) == [outcome for outcome in OUTCOMES if outcome in c.counts]


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_failable_call_has_its_path(version: str, certificates: dict[str, Certificate]) -> None:
    calls = facts.create_vm_calls(version) + (facts.create_plane_calls(1) if version in facts.WITH_IOCTL else [])
    *failing, clean = certificates[version].paths
    assert [(path.number, path.call, path.injected) for path in failing] == [
        (n, call.name, call.errnos[0]) for n, call in enumerate(calls, 1)
    ]
    assert [path.exit for path in failing] == [call.label or "return" for call in calls]
    assert (clean.number, clean.call, clean.injected, clean.exit) == (0, "", "", "close")
    assert all(path.trace.errno == path.injected for path in failing)


@pytest.mark.parametrize(("version", "planes"), [(v, p) for v in facts.WITH_IOCTL for p in ((1, 3), (), (15,))])
def test_other_planes(version: str, planes: tuple[int, ...]) -> None:
    c = kp.certify(version, planes=planes)
    assert c.planes == planes
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
        "10": {"16 reads and 1 write after free"},
        "11": set(),
        "29": {"1 read after free; 1 double free"},
        "29-fixed": set(),
    }


def test_verdict_and_table(certificates: dict[str, Certificate]) -> None:
    c = certificates["09"]
    assert c.verdict.startswith("09: 18 paths, 2 use-after-free, 16 clean; ")
    head, *rows = c.table()
    assert head == ("n", "failing call", "errno", "exit", "outcome", "defects")
    assert rows[2] == ("3", "kvm_create_plane(kvm, 0)", "ENOMEM", "out_no_planes", "clean", "none")
    assert rows[-1] == ("-", "none", "-", "close", "use-after-free", "16 reads and 1 write after free")
    lines = str(c).splitlines()
    assert lines[0] == c.verdict
    assert len(lines) == 2 + 18
    assert all(line == line.rstrip() for line in lines)


def test_states_are_counted(certificates: dict[str, Certificate]) -> None:
    for c in certificates.values():
        states = {step.state for path in c.paths for step in path.trace.steps}
        assert c.states == len(states) > 150
        assert f"; {len(states)} states" in c.verdict


def test_a_wrong_errno() -> None:
    """The label ladder may be right and the errno wrong."""
    wrong = kp.VERSIONS["11"].edit("m", "wrong errno", ("kvm_create_vm", "r = -ENOMEM  # +48", "r = -EINVAL"))
    c = kp.certify(wrong)
    assert c.counts == {"wrong errno": 1, "clean": 17}
    (path,) = (path for path in c.paths if path.outcome == "wrong errno")
    assert (path.call, path.injected, path.trace.errno) == ("kvm_create_plane(kvm, 0)", "ENOMEM", "EINVAL")
    assert path.defects == "returns EINVAL, not ENOMEM"


def test_an_ignored_failure_is_a_wrong_errno() -> None:
    """kvm_create_vm_debugfs() fails, and nobody looks."""
    call = "k.kvm_create_vm_debugfs(kvm, fdname)"
    old = f'r = {call}\nif r:\n    raise k.goto("out_err_no_debugfs")'
    blind = kp.VERSIONS["11"].edit("m", "blind", ("kvm_create_vm", old, call))
    (path,) = (path for path in kp.certify(blind).paths if path.outcome != "clean")
    assert (path.outcome, path.defects) == ("wrong errno", "returns success, not ENOMEM")


def test_an_oops_is_never_clean() -> None:
    """Here the task dies after its last release: nothing leaks, and yet the call never returns."""
    last = "k.put_unused_fd(fd)"
    end = kp.VERSIONS["11"].edit("m", "dies", ("kvm_dev_ioctl_create_vm", last, f"{last}\nk.kfree(ERR_PTR(r))"))
    trace = kp.run(end, fail="kvm_arch_alloc_vm")
    assert trace.oops is not None
    assert trace.defects == ()
    assert classify(trace) == "wrong errno"
    assert {path.defects for path in kp.certify(end).paths} == {"none", "Oops"}


def test_the_worst_defect_gives_the_class() -> None:
    """Double free, then use after free, then leak."""
    free = "k.kfree(plane)"
    two = kp.VERSIONS["09"].edit("m", "frees twice", ("kvm_destroy_one_plane", f"{free}  # +31", f"{free}\n{free}"))
    assert classify(kp.run(two)) == "double-free"
    assert classify(kp.run("09", freed="zeroed")) == "use-after-free"
    null = kp.VERSIONS["10"].edit("m", "no test", ("kvm_destroy_vcpus", "if plane is not NULL:", "if True:"))
    assert classify(kp.run(null)) == "null-dereference"


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="versions are rfc"):
        kp.certify("28")
    with pytest.raises(ValueError, match="versions with it are 29, 29-fixed"):
        kp.certify("09", planes=(1,))
    with pytest.raises(ValueError, match="allowed are ids"):
        kp.certify("29", planes=(16,))
