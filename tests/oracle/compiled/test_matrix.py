# SPDX-License-Identifier: GPL-2.0-only
"""The standard matrix: stored results are what the C does now, and the model agrees with them."""

import doctest
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes import oracle
from kvmplanes.model.faults import CALLS, base
from kvmplanes.model.series import ALL
from kvmplanes.model.version import Version
from kvmplanes.oracle import CRun, Driver, Edit, Scenario, agreement, disagreements, side_by_side, with_edits
from kvmplanes.oracle.__main__ import main
from kvmplanes.oracle.compiled.edits import functions_of, undo_statements
from kvmplanes.oracle.compiled.results import dump, fresh, modelled, stored
from kvmplanes.oracle.measured.evidence import MODELS, both, compare
from kvmplanes.runs.certificate import certify
from kvmplanes.runs.mutation import kill_count
from kvmplanes.runs.scenario import usual

RUNS = stored()
READ, WRITE = ("asan", "heap-use-after-free", "read"), ("asan", "heap-use-after-free", "write")
INDEX, TWICE = ("ubsan", "out-of-bounds-index", ""), ("asan", "double-free", "free")

Drivers = Callable[..., Driver]


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("name", ALL)
def test_stored_results_are_what_the_c_does(name: str) -> None:
    now = dump(fresh([name]))
    assert now == dump(r for r in RUNS if r.version == name), "refresh with: python -m kvmplanes.oracle --store"


@pytest.mark.parametrize("name", ALL)
def test_model_and_c_agree(name: str) -> None:
    (row,) = agreement(r for r in RUNS if r.version == name)
    assert row.scenarios >= 27
    assert row.wrong == ()


def test_every_failable_call_fails_somewhere() -> None:
    failed = {base(event[1]) for run in RUNS for event in run.result.events if event[0] == "fail"}
    assert failed == set(CALLS)
    errnos = {(base(event[1]), event[2]) for run in RUNS for event in run.result.events if event[0] == "fail"}
    assert errnos == {(call, errno) for call, (names, _) in CALLS.items() for errno in names}


PLAIN = Scenario()


def counts(
    driver: Drivers, name: str, what: Scenario = PLAIN, **options: object
) -> tuple[Counter[tuple[str, ...]], int]:
    result = driver(name, **options).run(what)
    return result.counts, result.lsan


def test_a_close_of_09_shows_what_the_kernel_showed(driver: Drivers) -> None:
    """Measured with KASAN on Linux 6.12.117, V1k: 16 reads and 1 write, 17 reports."""
    assert counts(driver, "09") == ({READ: 16, WRITE: 1}, 0)
    assert counts(driver, "09", sanitizers="address") == ({READ: 16, WRITE: 1}, 0)


def test_first_report_mode_sees_one_and_ends_the_process(driver: Drivers) -> None:
    result = driver("09", first_only=True).run(Scenario())
    assert result.counts == {READ: 1}
    assert ("free", "plane#0", "", "") not in result.events


def test_without_sanitizers_nothing_is_seen(driver: Drivers) -> None:
    for what in (Scenario(), Scenario(freed="zeroed")):
        assert counts(driver, "09", what, sanitizers="none") == ({}, 0)
    assert counts(driver, "09", sanitizers="undefined") == ({}, 0)


def test_zeroed_memory_turns_the_error_into_a_leak(driver: Drivers) -> None:
    """Measured with init_on_free=1 on V1k: every plane leaks."""
    assert counts(driver, "09", Scenario(freed="zeroed")) == ({READ: 16}, 1)
    plain = driver("09", sanitizers="none").run(Scenario(freed="zeroed"))
    assert plain.events[-1] == ("leak", "plane#0", "", "leak")


def test_poisoned_memory_turns_it_into_an_oops(driver: Drivers) -> None:
    """Measured with slub_debug=FPZU on V1k: every close Oopses in kfree."""
    for sanitizers in ("address,undefined", "none"):
        events = driver("09", sanitizers=sanitizers).run(Scenario(freed="poisoned")).events
        assert ("oops", "", "", "") in events
        assert ("free", "plane#0", "", "") not in events


def test_level_16_is_seen_by_ubsan_alone(driver: Drivers) -> None:
    """Measured as W09oob: KASAN is silent, UBSAN_BOUNDS reports, plane 16 leaks."""
    assert counts(driver, "09-level16") == ({INDEX: 1}, 1)
    assert counts(driver, "09-level16", sanitizers="address") == ({}, 1)
    assert counts(driver, "09-level16", sanitizers="undefined") == ({INDEX: 1}, 0)


def test_a_slot_created_twice_leaks_the_first_plane(driver: Drivers) -> None:
    assert counts(driver, "09-twice") == ({}, 1)


def test_29_frees_twice_and_the_repair_does_not(driver: Drivers) -> None:
    what = Scenario(usual(ALL["29"], [3]), "anon_inode_getfile(plane 3)", retry=True)
    result = driver("29").run(what)
    assert [errno for _, errno in result.results] == ["fd 4", "ENOMEM", "EEXIST"]
    assert result.counts == {READ: 1, TWICE: 1}
    repaired = driver("29-fixed").run(what)
    assert [errno for _, errno in repaired.results] == ["fd 4", "ENOMEM", "fd 5"]
    assert (repaired.counts, repaired.lsan) == ({}, 0)


@pytest.mark.parametrize("name", ["29", "29-fixed"])
def test_two_failures_in_one_run(driver: Drivers, name: str) -> None:
    pairs = [path for path in certify(name, (1, 3), failures=2).paths if len(path.numbers) == 2]
    assert len(pairs) >= 9
    for path in pairs:
        result = driver(name).run(Scenario(path.program.ops, path.numbers))
        assert not disagreements(path.trace, result), side_by_side(path.trace, result)


def test_a_report_names_the_function_and_the_patch_line(driver: Drivers) -> None:
    text = driver("09", text=True).run(Scenario()).text
    assert "heap-use-after-free" in text
    assert "in kvm_destroy_planes virt/kvm/kvm_main.c:" in text
    assert "in kvm_vm_release virt/kvm/kvm_main.c:" in text
    assert "freed by thread" in text
    assert not re.search("0x[0-9a-f]|/home|/root|/tmp", text)


def caught(name: str, model: Version) -> bool:
    """Whether an altered model disagrees with the unaltered C on some run with at most one plane."""
    most = 2 + 2 * ALL[name].creates_planes
    runs = [r for r in RUNS if r.version == name and r.scenario.ops[-1] == "close(vm)" and len(r.scenario.ops) <= most]
    return any(disagreements(modelled(model, r.scenario), r.result) for r in reversed(runs))


@pytest.mark.parametrize("name", ["09", "29"])
def test_every_undo_line_dropped_in_the_model_alone_is_caught(name: str) -> None:
    unseen = []
    for function in functions_of(ALL[name]):
        for at in range(len(undo_statements(ALL[name].functions[function].source))):
            model = with_edits(ALL[name], [Edit(function, "drop", at)])
            unseen += [] if caught(name, model) else dropped(ALL[name].diff(model))
    # The count of a VM that never came to be: in the kernel the line only warns.
    assert unseen == ["WARN_ON_ONCE(!refcount_dec_and_test(&kvm->users_count));"]


def dropped(diff: str) -> list[str]:
    return [line[1:].strip() for line in diff.splitlines() if line.startswith("-\t")]


LAST = "refcount_dec_and_test(&kvm->users_count)"


@pytest.mark.parametrize(
    ("function", "line", "error"),
    [
        ("kvm_create_vm", "r = -ENOMEM;\ngoto out_no_planes;", "r = -EBUSY;\ngoto out_no_planes;"),
        ("kvm_create_vm", "goto out_no_planes;", "goto out_err_no_srcu;"),
        ("kvm_create_vm", "goto out_err_no_srcu;", "goto out_no_planes;"),
        ("kvm_destroy_planes", "kvm->planes[i] = NULL;", ""),
        (
            "kvm_destroy_planes",
            "for (i = 0; i < KVM_MAX_PLANES; ++i) {",
            "for (i = 0; i < KVM_MAX_PLANES - 1; ++i) {",
        ),
        (
            "kvm_put_kvm",
            "if (refcount_dec_and_test(&kvm->users_count))",
            "if (!refcount_dec_and_test(&kvm->users_count))",
        ),
    ],
)
def test_an_error_in_the_model_alone_is_caught(function: str, line: str, error: str) -> None:
    assert caught("09", ALL["09"].edit("wrong", "an error in the model alone", (function, line, error)))


def test_a_disagreement_reads_as_two_traces() -> None:
    version = with_edits(ALL["09"], [Edit("kvm_destroy_vm", "swap", 10, 11)])
    run = next(r for r in RUNS if r.version == "09")
    text = side_by_side(modelled(version, run.scenario), run.result)
    assert text.startswith("event 37: model free plane#0, C free kvm#1\n")
    assert sum(line.startswith("-> ") for line in text.splitlines()) == 18


def test_the_command_shows_the_comparisons(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvmplanes.oracle.compiled.results.stored", lambda: RUNS[:50])
    assert main(["--stored"]) == 0
    compiled, kernels, not_compared, mutants = capsys.readouterr().out.split("\n\n")
    _, *rows, last = compiled.splitlines()
    assert [row.split()[:3] for row in rows] == [["rfc", "28", "0"], ["08", "22", "0"]]
    assert last.split()[:3] == ["together", "50", "0"]
    assert f"{kernels}\n\n{not_compared}" == str(both())
    assert mutants == f"{kill_count()}\n"


def test_the_command_fails_where_a_kernel_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = compare(models={**MODELS, "V1k": ALL["11"]}, only="V1k")
    monkeypatch.setattr("kvmplanes.oracle.__main__.both", lambda: wrong)
    assert main(["--stored"]) == 1


def test_the_command_fails_on_a_disagreement(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "kvmplanes.oracle.compiled.results.stored", lambda: [CRun("11", RUNS[0].scenario, r.result) for r in RUNS[:1]]
    )
    assert main(["--stored"]) == 1
    assert "11: KVM_CREATE_VM, close(vm)" in capsys.readouterr().out


def test_the_package_doctest() -> None:
    assert doctest.testmod(oracle) == (0, 3)


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    oracle.compilers.cache_clear()
    try:
        assert oracle.compilers() == ()
        with pytest.raises(RuntimeError, match="not all of them are here"):
            oracle.build({})
    finally:
        oracle.compilers.cache_clear()


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="sanitizers must be one of address,undefined; address"):
        oracle.build({}, "thread")
    with pytest.raises(ValueError, match="there are rfc, 08, 09"):
        oracle.matrix("12")
