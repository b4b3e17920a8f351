# SPDX-License-Identifier: GPL-2.0-only
"""Answers that are meant to pass without being right, to hang, or to get out: for each exercise, by what they try.

`python -m tests.learn.attacks` prints the table: each attack, whether it was refused or ran and failed, and what the
reader is told.
"""

from __future__ import annotations

import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from kvmplanes.learn import EXERCISES, check
from kvmplanes.learn.exercises import Result
from kvmplanes.runs.words import columns

# Exercises that take C -> the part of the answer that an attack is put into; "" where the answer is one text.
C: Final = {
    "two-planes": "", "guard": "", "new-label": "acquire", "error-pointer": "caller", "ladder-order": "",
    "teardown-order": "", "rfc-leak": "", "local-copy": "", "clear-slot": "function", "embed-plane-0": "loop",
    "ioctl-path": "",
}  # fmt: skip
RETURN: Final = {
    "teardown-order": "return;", "rfc-leak": "return;", "local-copy": "return;", "clear-slot": "return;",
    "embed-plane-0": "return;", "ioctl-path": "return 0;",
}  # fmt: skip


class Attack(NamedTuple):
    """One answer: to which exercise, what it tries, and the answer itself."""

    exercise: str
    tries: str
    answer: Any

    @property
    def id(self) -> str:
        """As a test is called."""
        return f"{self.exercise}: {self.tries}"


def piece(id: str, *, right: bool) -> str:  # noqa: A002 - as the exercise calls it
    """The C that an exercise begins with, or that solves it: the part that attacks are put into."""
    task = EXERCISES[id]
    answer = task.solution if right else task.given if task.first is None or not C[id] else task.first
    if isinstance(answer, Mapping):
        return str(answer[C[id]])
    if id == "ladder-order" and right:
        rungs = {text.partition(":")[0]: text for text in re.split(r"\n(?=out)", task.given)}
        return "\n".join(rungs[name] for name in answer)
    if id == "two-planes" and right:
        return task.given.replace("out_no_planes", str(answer))
    return str(answer)


def whole(id: str, c: str) -> Any:  # noqa: A002 - as above
    """An answer with this C in it, and everything else as in the solution."""
    part = C[id]
    return {**EXERCISES[id].solution, part: c} if part else c


def before(id: str, lines: str, *, right: bool) -> str:  # noqa: A002 - as above
    """Lines at the beginning: after the head, where the piece is a whole function."""
    c = piece(id, right=right)
    head, brace, body = c.partition("{\n")
    return f"{head}{brace}{lines}\n{body}" if id == "clear-slot" else f"{lines}\n{c}"


def quoted(id: str) -> str:  # noqa: A002 - as above
    """The solution in one line."""
    return " ".join(piece(id, right=True).split()).replace('"', "'")


# What looks like the solution, beside the C that the exercise begins with: that fails, and so must this.
LOOKS: Final[Mapping[str, Callable[[str], str]]] = {
    "solution in a comment": lambda id_: f"{piece(id_, right=False)}\n/* {piece(id_, right=True)} */",
    "solution in a line's comment": lambda id_: f"{piece(id_, right=False)}\n// {quoted(id_)}",
    "solution behind if (0)": lambda id_: f"{piece(id_, right=False)}\nif (0) {{\n{piece(id_, right=True)}\n}}",
    "solution after #if 0": lambda id_: f"{piece(id_, right=False)}\n#if 0\n{piece(id_, right=True)}\n#endif",
    "solution in a text": lambda id_: before(id_, f'printk("{quoted(id_)}");', right=False),
    "a label with a good name": lambda id_: before(id_, "out_fixed:", right=False),
    "the given C as it is, and a variable": lambda id_: before(id_, "int right = 1;", right=False),
}
# What spoils a right answer: state kept, the floor touched, names changed, an end before the end.
SPOILS: Final = {
    "a macro for kfree": "#define kfree(x)",
    "a macro for the teardown": "#define kvm_destroy_planes kvm_free_irq_routing",
    "a macro for NULL": "#define NULL 1",
    "a macro for an errno": "#define ENOMEM 0",
    "a header again": '#include "kvm_host.h"',
    "a static variable": "static int times;",
    "a reference given back for the model": 'shim_put("current->mm");',
    "a reference taken for the model": 'shim_get("fd");',
    "a failure of its own": 'if (shim_fails("kvm_register_audit", 12))\n\t;',
    "the model's allocator": 'shim_alloc("x", "plane#7", 8);',
    "the process loses its memory": "current->mm = NULL;",
    "the class of a pointer": "int x = current->__class__;",
    "the machine's own goto": '_goto("out", 0);',
    "the machine's clock": "_tick();",
    "an Oops": "int zero = 0;\nzero = 1 / zero;",
    "NULL is followed": "((struct kvm_plane *)NULL)->level = 1;",
    "memory that nobody frees": "kzalloc(8, GFP_KERNEL);",
    "Python's open": 'open("/etc/passwd");',
    "assembler": 'asm("nop");',
    "a function in a function": "int f(void) { return 1; }",
}
# What takes long, or for ever.
HANGS: Final = {
    "while (1)": "while (1)\n\t;",
    "an endless goto": "again:\n\tgoto again;",
    "an endless allocation": "while (1)\n\tkzalloc(8, GFP_KERNEL);",
    "allocations, each a path": "for (int n = 0; n < 450; n++)\n\tkzalloc(8, GFP_KERNEL);",
    "allocations, each a path, all freed": "for (int n = 0; n < 450; n++)\n\tkfree(kzalloc(8, GFP_KERNEL));",
    "a long loop": "int n = 0;\nfor (int m = 0; m < 19000; m++)\n\tn += m;",
    "a long loop of long lines": "int n = 0;\nfor (int m = 0; m < 19000; m++) {\n"
    + f"n = {' + '.join(['n * 3'] * 40)};\n" * 20
    + "}",
    "loops in loops": "int n = 0;\n"
    + "".join(f"for (int m{k} = 0; m{k} < 7; m{k}++)\n" for k in range(9))
    + "n = n + 1;",
    "printing": 'for (int n = 0; n < 1900; n++)\n\tprintk("%d\\n", n);',
    "printing into an array": 'char b[2000];\nfor (int n = 0; n < 9000; n++)\n\tsnprintf(b, 2000, "%s%s%s", b, b, b);',
    "4000 statements": "int n = 0;\n" + "n = n + 1;\n" * 4000,
    "500 statements": "int n = 0;\n" + "n = n + 1;\n" * 500,
    "180 statements that decide": "int n = 0;\n" + "if (n > 1 && n < 9 || !n)\n\tn = n ? n + 1 : 2;\n" * 160,
    "long texts": f'printk("{"x" * 900}");\n' * 60,
    "a shift": "unsigned long n = 1;\nfor (int m = 0; m < 5000; m++)\n\tn = n << 4000000000u;",
    "a power of macros": "".join(f"#define M{k} {f'M{k + 1} ' * 10}\n" for k in range(12)) + "int n = M0 1;",
    "400 blocks": "int n = 0;\n" + "if (n) {\n" * 400 + "}\n" * 400,
    "a million characters": "int n = 1;\n" * 100_000,
    "a line of 100,000 characters": f"int n = {'1 + ' * 25_000}1;",
    "parentheses": f"int n = {'(' * 5000}1{')' * 5000};",
}
# Python, which was an answer once. C has no use for it.
PYTHON: Final = (
    "while True: pass\n", "while True:\n    x = 1\n", "import os\nos._exit(1)", "__import__('os').system('id')",
    "exec('while True: pass')", "10 ** 10 ** 9", "sum(itertools.count())", "re.match('(a*)*b', 'a' * 99)",
    "time.sleep(99)", "sys.settrace(None)", "print('x' * 10 ** 8)", "exit()", "sys.exit(3)", "raise GeneratorExit",
    "k.heap._report = lambda e: None", "k.heap.cells.clear()", "k.kfree = lambda p: None", "cell.live = True",
    "kvm._cell.fields.clear()", "explore.classify = lambda *a: 'clean'", "k.heap.alloc(kvm)", "lambda: None",
    "def kvm_destroy_vm(k, kvm, n=[]):\n    n.append(1)", "random.random() < 0.5", "try:\n    x\nexcept: pass",
    "kp.VERSIONS['09'].functions['kvm_destroy_vm'] = kp.VERSIONS['11'].functions['kvm_destroy_vm']",
    "threading.Lock().acquire()", "open('/dev/zero').read()",
    "class X:\n    def __del__(self):\n        while True: pass",
    "statistics.fmean(itertools.count())", "\0", "\ud800", "\u2028kfree(plane);\u2028", "-" * 100_000 + "1",
)  # fmt: skip
# What is right in the cases that a task names, and nowhere else; or does what was asked for in a way that undoes it.
CHEATS: Final = tomllib.loads(Path(__file__).with_name("cheats.toml").read_text(encoding="utf-8"))
TOO_MANY: Final = ["KVM_CREATE_VM", "close(vm)"] * 5000


def attacks() -> Iterator[Attack]:
    """Every attack that has to fail or to be refused."""
    for id_ in C:
        yield from (Attack(id_, tries, whole(id_, c(id_))) for tries, c in LOOKS.items())
        yield from (Attack(id_, tries, whole(id_, before(id_, line, right=True))) for tries, line in SPOILS.items())
        if id_ in RETURN:
            yield Attack(id_, "return at once", whole(id_, before(id_, RETURN[id_], right=True)))
    for id_, cheats in CHEATS.items():
        yield from (Attack(id_, cheat["tries"], cheat["answer"]) for cheat in cheats)
    yield Attack("silent-mutant", "10,000 calls", TOO_MANY)
    yield Attack("double-free-ops", "10,000 calls", {"ops": TOO_MANY, "fail": ""})
    yield from (Attack("teardown-order", f"Python: {text[:40]!r}", text) for text in PYTHON)


def hangs() -> Iterator[Attack]:
    """Every attack that may be right, and has to end soon; with the four judges that run the most."""
    for id_ in ("guard", "ladder-order", "clear-slot", "ioctl-path"):
        yield from (Attack(id_, tries, whole(id_, before(id_, lines, right=True))) for tries, lines in HANGS.items())


def outcome(result: Result) -> str:
    """What became of an attack, in a word."""
    return "passed" if result.passed else "refused" if "cannot be run" in result.verdict else "contained"


def main() -> None:
    """Print the table."""
    rows, counts = [("exercise", "attack", "outcome", "CPU s", "verdict")], dict[str, int]()
    for attack in (*attacks(), *hangs()):
        start = time.process_time()
        result = check(attack.exercise, attack.answer)
        end = outcome(result)
        counts[end] = counts.get(end, 0) + 1
        took = f"{time.process_time() - start:.2f}"
        rows.append((attack.exercise, attack.tries, end, took, " ".join(result.verdict.split())[:100]))
    counted = ", ".join(f"{count} {end}" for end, count in counts.items())
    sys.stdout.write(f"{columns(rows, right=[3])}\n{counted}\n")


if __name__ == "__main__":
    main()
