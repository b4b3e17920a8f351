# SPDX-License-Identifier: GPL-2.0-only
"""Every solution, every foreseen wrong answer, and everything else that a reader may hand in."""

import dataclasses
import re
import textwrap
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn import EXERCISES, check, exercises, exercises_for
from kvmplanes.learn.exercises import LEVEL, Exercise, Wrong, creation, exercise, hunts
from kvmplanes.learn.exercises.answers import answered
from kvmplanes.learn.exercises.replies import GENERAL
from kvmplanes.learn.queries import HOOK
from kvmplanes.model import series
from kvmplanes.runs.mutation import kill

FREES = "static void kvm_destroy_plane(struct kvm_plane *plane)\n{\n\tkfree(plane);\n}\n"
BRANCHES = "static void f(int n)\n{\n\tif (n) {\n\t\tf(n - 1);\n\t\tf(n - 1);\n\t}\n}\n\n" + FREES.replace(
    "kfree(plane)", "f(40)"
)
each = pytest.mark.parametrize("task", EXERCISES.values(), ids=lambda task: task.id)
foreseen = pytest.mark.parametrize(
    ("task", "wrong"),
    [
        pytest.param(task, wrong, id=f"{task.id}-{number}")
        for task in EXERCISES.values()
        for number, wrong in enumerate(task.wrong)
    ],
)


# Foreseen answers that are what the exercise begins with, written otherwise.
OTHERWISE = {
    "two-planes": "goto out_no_planes;",
    "local-copy": "struct kvm_plane *one = kvm->planes[0];\n\nkvm_arch_free_vm(kvm);\nkvm_destroy_one_plane(one);",
}


def test_there_are_enough_and_they_grow_harder() -> None:
    levels = [task.level for task in EXERCISES.values()]
    assert len(EXERCISES) >= 10
    assert all(levels.count(level) >= 3 for level in LEVEL)
    assert sum(len(task.wrong) for task in EXERCISES.values()) >= 2 * len(EXERCISES)
    assert {task.notebook for task in EXERCISES.values()} >= {"02", "03", "04", "05", "06", "08", "ap"}
    assert sum(len(exercises_for(name)) for name in ("02", "03", "04", "05", "06", "08", "ap")) == len(EXERCISES)


@each
def test_the_solution_passes_and_says_why(task: Exercise) -> None:
    result = check(task.id, task.solution)
    assert result.passed
    assert result.counterexample is None
    assert result.reply == task.why
    assert result.verdict.startswith("✓ right: ")


@foreseen
def test_a_foreseen_wrong_answer_gets_its_own_reply_and_the_shortest_run(task: Exercise, wrong: Wrong) -> None:
    result = check(task.id, OTHERWISE[task.id] if task.is_untouched(wrong.answer) else wrong.answer)
    assert not result.passed
    assert result.reply == wrong.reply
    runs = [failing.trace for failing in task.judge(wrong.answer).failing]
    assert result.counterexample is not None
    assert str(result.counterexample) in map(str, runs)
    assert len(result.counterexample.steps) == min(len(run.steps) for run in runs)


@each
def test_replies_and_ideas_differ_and_hints_are_numbered(task: Exercise) -> None:
    assert len({wrong.reply for wrong in task.wrong} | {task.why}) == len(task.wrong) + 1
    assert len({wrong.idea for wrong in task.wrong}) == len(task.wrong)
    shown = exercise(task.id)
    hints = re.findall(r"<summary>Hint (\d) of (\d)</summary>", shown.html)
    assert hints == [(str(i), str(len(task.hints))) for i in range(1, len(task.hints) + 1)]
    assert shown.html.index("One solution") > shown.html.rindex("Hint")
    for dropped in ("<script", "<svg", "<style", "class="):
        assert dropped not in shown.html.partition("<script>")[0], "a script follows, which marks what is done"
    assert task.hints[0] not in shown.text


@each
@pytest.mark.parametrize(
    "answer", [None, "", "{", "if (x)\nreturn", "no_such(kvm);", -7, ["KVM_CREATE_WORLD"], {}, print]
)
def test_what_cannot_be_run_gets_a_sentence_and_no_traceback(task: Exercise, answer: Any) -> None:
    result = check(task.id, answer)
    assert not result.passed
    if result.counterexample is None:
        assert re.match(r"✗ cannot be run: .{10,}", result.verdict)
        assert task.form in result.reply
        assert "Traceback" not in result.text


def test_an_answer_that_nobody_foresaw_is_told_what_kind_of_mistake_it_is() -> None:
    result = check("teardown-order", "kvm_destroy_planes(kvm);")
    assert result.reply == GENERAL["leak"]
    twice = check("teardown-order", ["kvm_destroy_planes(kvm);", "kvm_arch_free_vm(kvm);", "kvm_arch_free_vm(kvm);"])
    assert twice.reply == GENERAL["double free"]


def test_leaving_the_function_as_it_is_repairs_nothing() -> None:
    same = EXERCISES["clear-slot"].given.replace("kfree(plane);", "kfree(plane);\n\treturn;")
    result = check("clear-slot", {"function": same, "helps": []})
    assert result.verdict.endswith("fixed: no version; named: none")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("while (1);", "a loop does not end: 20000 rounds and calls in one run, in your line `while (1);`"),
        ("while (plane->kvm)\n\tplane->plane = 1;", "a loop does not end: more than 2000 events in one run"),
        ("again:\n\tgoto again;", "a loop does not end: "),
        ("kvm_destroy_plane(plane);", "calls do not end: a function calls itself, at virt/kvm/kvm_main.c:"),
        (BRANCHES, "a loop does not end: 20000 rounds and calls in one run, in your line `static void f(int n)`"),
        ("int n = " + "(" * 300 + "1" + ")" * 300 + ";", "this is nested too deep for the machine, at virt/kvm/"),
        ("for (;;) {" * 30 + "}" * 30, "this is nested too deep for the machine, at virt/kvm/kvm_main.c:"),
        ("char big[1000000];", "an array of 1000000: the machine has room for 64 kB, in your line `char big[1000"),
        ("kvm_destroy_vm(plane->kvm);", "calls do not end: a function calls itself, at virt/kvm/kvm_main.c:"),
        ("while (1)\n\tkzalloc(8, GFP_KERNEL);", "allocations do not end: 500 objects in one run"),
        ("kfre(plane);", "'kfre' is not declared; did you mean 'kfree'?, in your line `kfre(plane);`"),
        (
            "void kfree(const void *ptr)\n{\n\t(void)ptr;\n}",
            "kfree() is what the C stands on here; it cannot be defined in C",
        ),
        ("kfree(plane)", "a semicolon is missing at the end of this line, in your line `kfree(plane)`"),
        ("kfree(plane->kvn);", "struct kvm_plane has no member 'kvn'; did you mean 'kvm'?"),
        ("return plane;", "kvm_destroy_plane() is void: it returns no value, in your line `return plane;`"),
        ("k.kfree(plane)", "a semicolon is missing"),
        ("#define kfree(x)\nkfree(plane);", "kfree is a macro with arguments"),
        ("kfree(plane);\n#define kvm_x kvm_y", "'#define kvm_x kvm_y' would change what stands below it, too"),
        ('shim_put("fd");', "'shim_put' belongs to what the C stands on here: an answer does without it"),
        ("kfree(plane);\n" * 800, "the answer is C of at most 10000 characters, not 11200"),
        ("@@ -1 +1 @@\n-x\n+y", "this diff cannot be read"),
        (
            "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-x\n+y",
            "the diff changes 'x.c'; the tree has include/linux/kvm_host.h, ",
        ),
    ],
)
def test_what_is_no_c_or_does_not_end_is_told_in_a_sentence(answer: str, sentence: str) -> None:
    result = check("rfc-leak", answer)
    assert result.verdict.startswith(f"✗ cannot be run: {sentence}")
    assert result.counterexample is None


def test_a_run_that_follows_null_is_a_defect_and_stepped_through() -> None:
    result = check("rfc-leak", "void (*gone)(const void *) = NULL;\ngone(plane);")
    assert "1 NULL dereference" in result.verdict
    assert result.reply == GENERAL["Oops"]
    assert result.counterexample is not None
    assert result.counterexample.oops is not None


def test_what_an_answer_prints_is_a_step_of_the_run() -> None:
    result = check("rfc-leak", 'printk("plane %d stays\\n", plane->plane);')
    assert "The kernel's log says: plane 0 stays" in [step.text for step in result.counterexample.steps]  # type: ignore[union-attr]
    assert check("rfc-leak", 'printk("gone\\n");\nkfree(plane);').passed


@pytest.mark.parametrize("line", ["current->mm = NULL;", "kvm_vm_fops.release = NULL;"])
def test_what_an_answer_writes_outside_the_heap_is_gone_with_the_run(line: str) -> None:
    right = check("rfc-leak", "kfree(plane);").verdict
    check("rfc-leak", line)
    assert check("rfc-leak", "kfree(plane);").verdict == right


def test_lines_a_function_and_a_diff_are_one_answer() -> None:
    version = kp.VERSIONS["rfc"]
    lines = "kfree(plane);"
    diff = version.diff(version.replace(FREES))
    assert diff.startswith("--- a/virt/kvm/kvm_main.c")
    results = [check("rfc-leak", answer) for answer in (lines, [lines], FREES, textwrap.indent(FREES, "    "), diff)]
    assert [result.verdict for result in results] == [results[0].verdict] * 5
    assert results[0].passed


def test_a_diff_of_one_version_is_tried_in_the_others_too() -> None:
    clears = EXERCISES["clear-slot"].solution["function"]
    base = kp.VERSIONS["09"]
    assert check("clear-slot", {"function": base.diff(base.replace(clears)), "helps": ["29"]}).passed
    copied = base.edit("09", "", ("kvm_destroy_vm", EXERCISES["local-copy"].given, EXERCISES["local-copy"].solution))
    for answer in (base.diff(copied), copied.functions["kvm_destroy_vm"].source):
        assert check("local-copy", answer).passed


def test_functions_of_ones_own_are_welcome() -> None:
    assert check(
        "rfc-leak", f"static void gone(void *memory)\n{{\n\tkfree(memory);\n}}\n\n{FREES.replace('kfree', 'gone')}"
    ).passed


@pytest.mark.parametrize(
    ("answer", "changed"),
    [
        (f"void kvm_arch_free_vm(struct kvm *kvm)\n{{\n\t(void)kvm;\n}}\n\n{FREES}", "kvm_arch_free_vm()"),
        ("void kvm_arch_free_vm(struct kvm *kvm)\n{\n\tkfree(kvm->planes[0]);\n\tkfree(kvm);\n}", "kvm_arch_free_vm()"),
        (f"#define KVM_MAX_VCPU_PLANES 1\n\n{FREES}", "virt/kvm/kvm_main.c outside of functions"),
    ],
)
def test_another_function_than_the_one_asked_for_is_no_answer(answer: str, changed: str) -> None:
    told = f"the answer is about kvm_destroy_plane() alone, and this one changes {changed}; functions of your own"
    assert check("rfc-leak", answer).verdict == f"✗ cannot be run: {told} may be added"


def test_a_diff_of_a_header_is_no_answer() -> None:
    host = [line.text for line in kp.VERSIONS["09"].tree["include/linux/kvm_host.h"]]
    at = host.index("struct kvm_plane {") + 1
    hunk = f"@@ -{at},1 +{at},2 @@\n {host[at - 1]}\n+\tint users;\n"
    diff = f"--- a/include/linux/kvm_host.h\n+++ b/include/linux/kvm_host.h\n{hunk}"
    assert "this one changes include/linux/kvm_host.h outside of functions" in check("teardown-order", diff).verdict


def test_whole_functions_answer_every_part_of_a_table_and_lines_are_no_function() -> None:
    solution = EXERCISES["error-pointer"].solution
    made = answered(creation._initialised(), ("kvm_create_vm", HOOK, solution["caller"]))
    both = f"{solution['function']}\n{made.functions['kvm_create_vm'].source}"
    assert check("error-pointer", both).verdict == check("error-pointer", solution).verdict
    wrong = check("error-pointer", {"function": "return ERR_PTR(-ENOMEM);", "caller": solution["caller"]})
    assert "write the whole function kvm_create_plane(), from its head to its closing brace" in wrong.verdict
    order = EXERCISES["ladder-order"]
    rungs = {text.partition(":")[0]: text for text in re.split(r"\n(?=out)", order.given)}
    for answer in ("\n".join(rungs[name] for name in order.solution), "\n".join(order.solution)):
        assert check("ladder-order", answer).passed


def test_a_wrong_answer_is_known_by_what_it_does_not_by_how_it_is_written() -> None:
    known = check("teardown-order", "kvm_arch_free_vm(kvm);")
    other = check("teardown-order", "/* the planes can stay */\nif (kvm) {\n\tkvm_arch_free_vm(kvm);\n}\n")
    assert other.reply == known.reply


def test_the_run_is_opened_in_the_player_or_told_in_words() -> None:
    opened, told = (
        check("guard", f"{EXERCISES['guard'].given}\n;", steps=steps)._repr_mimebundle_() for steps in (True, False)
    )
    assert "data-kvmplanes-player" in opened["text/html"]
    assert "data-kvmplanes-player" not in told["text/html"]
    assert opened["text/plain"] == told["text/plain"]
    assert "plane#0 is still allocated" in told["text/plain"]
    with pytest.raises(ValueError, match="no run fails"):
        check("guard", EXERCISES["guard"].solution).player()


def test_the_verdict_comes_from_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another order in 09, the order that is right changes its verdict."""
    versions = dict(series.VERSIONS)
    judge = EXERCISES["teardown-order"].judge
    bases = (versions["09"].edit("09", "no teardown", ("kvm_destroy_vm", "mmdrop(mm);", "")),)
    changed = dataclasses.replace(EXERCISES["teardown-order"], judge=dataclasses.replace(judge, bases=bases))  # type: ignore[type-var]
    monkeypatch.setattr(exercises, "EXERCISES", {**EXERCISES, "teardown-order": changed})
    result = check("teardown-order", EXERCISES["teardown-order"].solution)
    assert not result.passed
    assert "current->mm leaked" in result.verdict


def test_the_hunted_mutants_are_as_their_texts_say() -> None:
    leaking, silent = map(kill, (hunts.LEAKING, hunts.SILENT))
    assert [path.outcome for path in leaking.paths] == ["leak"]
    assert len(kp.certify(leaking.mutant.version).paths) == 18
    assert silent.killed
    assert kp.certify(silent.mutant.version, planes=(1,)).clean


@pytest.mark.parametrize("line", ["plane = NULL;\n\tplane->kvm = NULL;", "r = 0;", "return 7;"])
def test_a_failure_that_no_errno_ends_is_judged_like_any_other(line: str) -> None:
    result = check("ioctl-path", f"kvm->planes[id] = NULL;\nkvm_put_kvm(kvm);\nkvm_destroy_one_plane(plane);\n{line}")
    assert result.verdict.startswith("✗ not yet: 29, anon_inode_getfile(plane 1) fails: ")


def test_an_unknown_exercise_is_named() -> None:
    with pytest.raises(ValueError, match=r"no exercise 'x'; there are nth-plane, "):
        exercise("x")
    with pytest.raises(ValueError, match="no exercise"):
        check("x", 1)
    assert exercises_for("00") == ()
