# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: each is one edit, and is killed by what the checks find now, or equivalent for a stated reason."""

import doctest
from collections import Counter

import pytest

import kvmplanes as kp
from kvmplanes.model.mutants import MUTANTS, Mutant
from kvmplanes.model.series import ALL
from kvmplanes.model.version import MAIN
from kvmplanes.runs import mutation
from kvmplanes.runs.certificate import classify
from kvmplanes.runs.mutation import FAILURES, Failure, Kill, kill
from kvmplanes.runs.programs import wrong_state
from kvmplanes.runs.trace import Trace

PLAIN, VM, PLANE = FAILURES
NAMES = [mutant.name for mutant in MUTANTS]
EQUIVALENT = [mutant for mutant in MUTANTS if mutant.equivalent]
OTHERS = [mutant for mutant in MUTANTS if not mutant.equivalent]


def named(name: str) -> Mutant:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    return mutant


def checked(name: str) -> Kill:
    return mutation.kills()[NAMES.index(name)]


def test_there_are_enough_and_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 30
    assert len({(m.base, m.function, m.edit) for m in MUTANTS}) == len(MUTANTS)
    assert all(name == name.strip() and len(name) <= 24 for name in NAMES)
    assert all(m.story.endswith(".") for m in MUTANTS)


@pytest.mark.parametrize("base", sorted({mutant.base for mutant in MUTANTS}))
def test_every_base_is_sound(base: str) -> None:
    """A mutant's own defect is seen alone."""
    assert kp.certify(base, failures=2).clean


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_each_edit_changes_one_function_and_its_code(mutant: Mutant) -> None:
    base, changed = kp.VERSIONS[mutant.base], mutant.version
    assert list(changed.functions) == list(base.functions)
    assert [n for n in base.functions if changed.functions[n].source != base.functions[n].source] == [mutant.function]
    whole = "".join(f"{line.text}\n" for line in base.tree[MAIN])
    edited = whole.replace(base.functions[mutant.function].source, changed.functions[mutant.function].source)
    assert changed.tree == {**base.tree, MAIN: changed.tree[MAIN]}
    assert [line.text for line in changed.tree[MAIN]] == edited.splitlines()
    codes = [v.unit.functions[mutant.function] for v in (base, changed)]
    assert (codes[0].co_code, codes[0].co_consts) != (codes[1].co_code, codes[1].co_consts) or (
        codes[0].co_names != codes[1].co_names
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_each_is_indented_as_c(mutant: Mutant) -> None:
    """A tab a brace, one more after an if or a for without braces, none at a label."""
    depth, alone, comment = 0, False, False
    for line in mutant.version.functions[mutant.function].lines:
        text = line.text.lstrip("\t")
        comment = comment or text.startswith("/*")
        margin = text.endswith(":") or text.startswith("#")
        depth -= text.startswith("}")
        if text and not comment:
            assert len(line.text) - len(text) == (0 if margin else depth + alone), line.text
            alone = text.startswith(("if ", "for ")) and not text.endswith("{")
        comment = comment and "*/" not in text
        depth += text.endswith("{") or text == "{"


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_each_is_killed_or_equivalent_for_a_reason(mutant: Mutant) -> None:
    assert checked(mutant.name).killed != bool(mutant.equivalent)


@pytest.mark.parametrize("mutant", OTHERS, ids=str)
def test_a_kill_has_a_counterexample(mutant: Mutant) -> None:
    verdict = checked(mutant.name)
    shortest = verdict.counterexample
    assert shortest is not None
    assert shortest.version is verdict.mutant.version
    assert len(shortest.steps) == min(len(path.trace.steps) for path in verdict.paths)
    certificate = kp.certify(verdict.mutant.version)
    assert not certificate.clean
    bad = {outcome: n for outcome, n in certificate.counts.items() if outcome != "clean"}
    assert bad == Counter(path.outcome for path in verdict.paths)


def test_most_are_killed() -> None:
    assert sum(verdict.killed for verdict in mutation.kills()) == len(OTHERS) >= 25
    sentence = f"{len(MUTANTS)} mutants: {len(OTHERS)} killed by certify, {len(EQUIVALENT)} equivalent"
    assert mutation.kill_count() == sentence


def test_the_usual_program_alone_misses_some() -> None:
    """What the other programs are for."""
    new = [mutant for mutant in MUTANTS if mutant.version.creates_planes and not mutant.equivalent]
    assert [str(mutant) for mutant in new if kp.certify(mutant.version, planes=(1,)).clean] == [
        "loop one short, 29", "break for continue, 29", "id unchecked", "id 16 allowed", "no EEXIST", "EBUSY for EEXIST"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "check", "expected"),
    [
        ("allocation unchecked", VM, ("null-dereference", 1, "kvm_create_plane(kvm, 0)")),
        ("NULL as ERR_PTR", VM, ("wrong errno", 1, "kvm_create_plane(kvm, 0)")),
        ("freed twice", PLAIN, ("double-free", 1, "")),
        ("undo dropped", VM, ("leak", 13, "init_srcu_struct(&kvm->srcu)")),
        ("undo dropped", PLAIN, ("clean", 0, "")),
        ("undo after the free", VM, ("use-after-free", 14, "kvm_create_plane(kvm, 0)")),
        ("teardown as posted", PLAIN, ("use-after-free", 1, "")),
        ("teardown as posted", VM, ("use-after-free", 1, "anon_inode_getfile")),
        ("plane 0 forgotten", PLAIN, ("wrong state", 1, "")),
        ("slot kept, as posted", PLANE, ("double-free", 4, "anon_inode_getfile(plane 1)")),
        ("loop one long", VM, ("out-of-bounds", 14, "init_srcu_struct(&kvm->srcu)")),
        ("loop one short, 29", PLAIN, ("leak", 1, "ids")),
        ("loop one short, 29", PLANE, ("leak", 3, "get_unused_fd_flags(plane 1)")),
        ("id unchecked", PLAIN, ("out-of-bounds", 1, "ids")),
        ("id 16 allowed", PLAIN, ("out-of-bounds", 1, "ids")),
        ("no EEXIST", PLAIN, ("leak", 1, "ids")),
        ("EBUSY for EEXIST", PLAIN, ("wrong errno", 1, "ids")),
        ("no reference taken", PLAIN, ("use-after-free", 3, "")),
    ],
)
def test_what_sees_it(name: str, check: Failure, expected: tuple[str, int, str]) -> None:
    assert checked(name).at(check) == expected


def defects(trace: Trace) -> list[tuple[str, str]]:
    return [(defect.kind, defect.obj) for defect in trace.defects]


@pytest.mark.parametrize("mutant", EQUIVALENT, ids=str)
@pytest.mark.parametrize("freed", ["kept", "zeroed", "poisoned"])
def test_an_equivalent_shows_user_space_nothing_at_all(mutant: Mutant, freed: str) -> None:
    """More than the checks run: several planes, several failures, and other bytes in freed memory."""
    planes = (3, 15) if mutant.version.creates_planes else ()
    calls = kp.run(mutant.base, planes=planes).calls
    slabs = [kp.Failslab(10, times=-1, seed=seed) for seed in range(20)]
    for fail in (None, *range(1, len(calls) + 1), *slabs):
        with_retry = {"planes": planes, "fail": fail, "freed": freed, "retry": bool(planes)}
        changed, sound = (kp.run(version, **with_retry) for version in (mutant.version, mutant.base))
        assert changed.results == sound.results
        assert defects(changed) == defects(sound) == []


def test_two_equivalents_together_are_not_equivalent() -> None:
    """Clearing the slot is what makes a second teardown harmless, and the other way round."""
    both = [(m.function, *m.edit) for m in map(named, ("slot not cleared", "teardown twice"))]
    trace = kp.run(kp.VERSIONS["11"].edit("both", "two edits", *both))
    assert classify(trace) == "double-free"


@pytest.mark.parametrize(("name", "version"), [("teardown as posted", "10"), ("slot kept, as posted", "29")])
def test_as_posted_is_what_was_posted(name: str, version: str) -> None:
    mutant = named(name)
    texts = [v.functions[mutant.function].source for v in (mutant.version, kp.VERSIONS[version])]
    assert texts[0] == texts[1]


# -- the state after a call that succeeded -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no level, 29", "planes[1] holds level 0"),
        ("level from 1", "planes[0] holds level 1"),
        ("store one slot on", "planes[0] is NULL"),
        ("plane 0 forgotten", "planes[0] is NULL"),
    ],
)
def test_a_wrong_state_in_words(name: str, said: str) -> None:
    paths = [path for path in kp.certify(named(name).version).paths if path.outcome == "wrong state"]
    assert paths
    for path in paths:
        assert wrong_state(path.trace) == path.defects == said
        assert path.trace.defects == ()


def test_a_missing_back_pointer_is_a_wrong_state_where_nothing_follows_it() -> None:
    mutant = ALL["09-fixed"].edit("m", "m", ("kvm_create_plane", *named("no back-pointer").edit))
    assert {path.outcome for path in kp.certify(mutant).paths} == {"clean", "wrong state"}
    assert wrong_state(kp.run(mutant)) == "plane#0 has no back-pointer"


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_no_version_leaves_a_wrong_state(version: str) -> None:
    assert wrong_state(kp.run(version)) == ""
    if kp.VERSIONS[version].creates_planes:
        ops = ("KVM_CREATE_VM", "KVM_CREATE_PLANE 4294967301", "close(vm)", "KVM_CREATE_VM", "KVM_CREATE_PLANE 2")
        assert wrong_state(kp.run(version, ops=ops)) == ""


def test_a_back_pointer_is_followed_from_10_on_and_by_a_planes_close_in_29() -> None:
    early, late = checked("no back-pointer"), checked("no back-pointer, 29")
    assert early.mutant.edit == late.mutant.edit
    assert {path.outcome for path in early.paths} == {"null-dereference"}
    assert {path.trace.oops.function for path in early.paths if path.trace.oops} == {"kvm_destroy_vcpus"}
    trace = late.paths[-1].trace
    assert trace.oops is not None
    assert any(f.trace.oops and f.trace.oops.op == "close(plane 1)" for f in late.paths)


@pytest.mark.parametrize(("name", "oops"), [("errno 0", "NULL->"), ("errno positive", "ERR_PTR(ENOMEM)->")])
def test_what_is_no_error_to_is_err_is_followed(name: str, oops: str) -> None:
    """ERR_PTR(0) is NULL, and ERR_PTR(12) an address: the ioctl succeeds, and the close dies."""
    trace = kp.run(named(name).version, fail="kvm_create_plane")
    assert trace.results == (("KVM_CREATE_VM", "fd 4"),)
    assert trace.oops is not None
    assert trace.oops.op == "close(vm)"
    assert trace.oops.obj.startswith(oops)


def test_a_variable_that_is_not_set_is_named() -> None:
    trace = kp.run(named("errno not set").version, fail="kvm_create_plane")
    assert trace.oops is not None
    assert trace.oops.obj == "r is used, and nothing set it before"
    assert (trace.oops.stack[0].function, trace.oops.stack[0].line) == ("kvm_create_vm", "return ERR_PTR(r);")
    assert defects(trace) == [("leak", "fd")]


def test_closing_a_number_without_a_file_does_nothing() -> None:
    trace = kp.run(named("file not installed").version, planes=(1,))
    assert [defect.obj for defect in trace.defects if defect.obj == "fd"] == ["fd"]
    assert trace.oops is None


# -- words, and bad input ------------------------------------------------------------------------------------


def test_an_unexplained_survivor_is_told() -> None:
    same = Mutant(
        "a comment", "11", "kvm_destroy_one_plane", "Nothing.", ("kfree(plane);", "/* last */\nkfree(plane);")
    )
    assert str(kill(same)) == "a comment: not seen, and not known to be equivalent"
    assert kill(same).counterexample is None
    assert mutation.kill_count([kill(same)]).endswith("0 equivalent")


def test_the_module_doctest() -> None:
    assert doctest.testmod(mutation) == (0, 3)


@pytest.mark.parametrize(
    ("function", "edit", "said"),
    [
        ("kvm_destroy_plan", ("kfree(plane);", ""), "11 has no function 'kvm_destroy_plan'; did you mean"),
        ("kvm_destroy_one_plane", ("kfree(kvm);", ""), "stand there 0 times, not once.*'kfree\\(plane\\);' is"),
        ("kvm_destroy_one_plane", ("", "kfree(plane);"), "stand there 0 times"),
        ("kvm_destroy_one_plane", ("kfree(plane);", "kfree(plan);"), "'plan' is not declared; did you mean 'plane'"),
        ("kvm_destroy_one_plane", ("kfree(plane);", "kfree(plane)"), "kvm_main.c:38: a semicolon is missing"),
    ],
)
def test_bad_edits(function: str, edit: tuple[str, str], said: str) -> None:
    wrong = Mutant("wrong", "11", function, "Nothing.", edit)
    with pytest.raises(ValueError, match=said):
        kill(wrong)
