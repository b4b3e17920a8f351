# SPDX-License-Identifier: GPL-2.0-only
"""What the model leaves out: the code's comments and the page are one list."""

import doctest
import io
import re
import tokenize
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model import limits
from kvmplanes.model.floor import MOST_ROUNDS
from kvmplanes.model.heap import MOST_OBJECTS
from kvmplanes.model.limits import ABOUT, LIMITS
from kvmplanes.model.machine.tree import CError
from kvmplanes.runs.programs import MORE, programs
from kvmplanes.view.tables import limits_table

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "kvmplanes"

# `# limit: a, b`, `# 16, limit: a`, `(limit: a; and why)`: ids, until something else than a name or a comma comes.
COMMENT = re.compile(r"(?:[#(*/]|,) ?limit: ([a-z_ ,]+)")
_PROSE = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


def prose(path: Path) -> str:
    """A file's comments, and a Python file's strings, which hold docstrings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".patch":
        return "\n".join(re.findall(r"^# .*", text, re.MULTILINE))
    if path.suffix != ".py":
        return "\n".join(re.findall(r"//.*|/\*.*?\*/", text, re.DOTALL if path.suffix == ".h" else 0))
    return "\n".join(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type in _PROSE)


def ids(text: str) -> set[str]:
    return {name.strip() for names in COMMENT.findall(text) for name in names.split(",")}


def in_code() -> dict[str, list[str]]:
    """Id -> the files whose comments use it."""
    files: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".c", ".h", ".patch", ".js"):
            for name in ids(prose(path)):
                files.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return files


def test_a_comment_is_found_in_each_of_its_forms() -> None:
    assert ids("# limit: a, b_c\n# 16, limit: one load\n(limit: d; because)\n(limit: e).") == {
        "a", "b_c", "one load", "d", "e"
    }  # fmt: skip
    assert ids("`limit: id` and limit: float and `# limit: ...` say nothing") == set()


def test_arguments_named_limit_are_no_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('def f(limit: float, *, x: int) -> None:  # limit: srcu\n    """Doc (limit: arch)."""\n')
    assert ids(prose(path)) == {"srcu", "arch"}


def test_every_limit_in_the_code_is_explained() -> None:
    unknown = {name: files for name, files in in_code().items() if name not in LIMITS}
    assert unknown == {}, "add them to kvmplanes/model/limits.toml"


def test_every_limit_explained_is_in_the_code() -> None:
    assert set(LIMITS) - set(in_code()) == set(), "nothing in the code says that it makes this simplification"


def test_limits_say_something() -> None:
    assert doctest.testmod(limits).failed == 0
    assert {limit.about for limit in LIMITS.values()} == set(ABOUT)
    for limit in LIMITS.values():
        for sentence in (limit.left_out, limit.consequence):
            assert sentence.endswith("."), limit.id
            assert sentence.count("`") % 2 == 0, limit.id
    texts = [text for limit in LIMITS.values() for text in (limit.left_out, limit.consequence)]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[a]\nabout = "memory"\nleft_out = "x"', "limit a: give about, left_out and consequence, not about, left_out"),
        ('[a]\nabout = "time"\nleft_out = "x"\nconsequence = "y"', "limit a: about must be one of memory, failures"),
        ('[a]\nabout = "memory"\nleft_out = ""\nconsequence = "y"', "limit a: say what is left out"),
    ],
)
def test_half_a_limit_is_refused(toml: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        limits.load(toml)


def test_the_page_shows_every_limit_once() -> None:
    whole = limits_table()
    for limit in LIMITS.values():
        assert whole.html.count(f"<code>{limit.id}</code></th>") == 1
        assert limit.left_out.replace("`", "").split(". ")[0] in " ".join(whole.text.split())
    parts = [limits_table(about).text for about in ABOUT]
    assert "\n".join(parts) == whole.text
    assert "<code>planes[16]</code>" in limits_table("memory").html
    assert [line for line in limits_table("one load").text.splitlines() if line[:1] != " "] == ["one load"]
    with pytest.raises(ValueError, match=r"must be one of memory, .* the C, or the id of a limit, not 'time'"):
        limits_table("time")


def test_the_programs_are_those_that_the_page_names() -> None:
    ids = next(program for program in MORE if program.name == "ids")
    numbers = [op.partition("PLANE ")[2] for op in ids.ops if op.startswith("KVM_CREATE_PLANE")]
    assert f"the ids {', '.join(numbers[:-1])} and {numbers[-1]}," in LIMITS["programs"].left_out
    assert "one program, or three" in LIMITS["programs"].left_out
    assert [len(programs(kp.VERSIONS[name])) for name in ("09", "29")] == [1, 3]


def test_the_notebook_shows_every_subject() -> None:
    notebook = (ROOT / "notebooks" / "limits.ipynb").read_text(encoding="utf-8")
    for about in ABOUT:
        assert f'limits_table(\\"{about}\\")' in notebook


# -- the limits of the C are what the machine does ---------------------------------------------------------------


def with_lines(lines: str) -> kp.Version:
    """11 with lines of a reader's in kvm_create_vm: no defect of 09's gets in the way."""
    line = "kvm->debugfs_dentry = ERR_PTR(-ENOENT);"
    return kp.VERSIONS["11"].edit("mine", "", ("kvm_create_vm", line, f"{line}\n{lines}"))


def log(version: kp.Version) -> list[str]:
    """What the kernel's log says."""
    return [step.obj for step in kp.run(version).steps if step.what == "print"]


@pytest.mark.parametrize(
    ("name", "lines", "what"),
    [
        ("unions", "{ union { int a; long b; } u; }", "unions are not supported"),
        ("floating point", "{ double x = 1.5; }", "floating point is not supported"),
        ("arrays of structs", "{ struct kvm_plane a[2]; a[0].level = 1; }", "an array of structs is not supported"),
        ("whole structs as values", "{ struct kvm_plane a, b; a = b; }", "a whole struct kvm_plane as a value"),
        ("arithmetic on pointers", "{ struct kvm_plane **p = &kvm->planes[0]; p++; }", "arithmetic on pointers is not"),
        ("addresses of local variables", "{ int *p = &r; *p = 2; }", "the address of the variable r is not supported"),
        ("numbers as pointers", "{ void *p = (void *)1234; }", r"int where void \* is expected"),
        ("macros with arguments", "#define F(x) x\nr = F(1);", "F is a macro with arguments"),
        ("#elif", "#if 0\n#elif 1\n#endif", "#elif is not understood"),
        (
            "variables inside functions",
            "{ static int n; n++; }",
            "a static variable inside a function is not",
        ),
        ("labels inside blocks", "if (r) {\nhere: r = 1;\n}", "label 'here' .*inside a block"),
        ("compound literals", "{ struct kvm_plane *p = &(struct kvm_plane){ 0 }; }", "a compound literal is not"),
        ("GNU C", "r = ({ 1; });", "is not supported"),
        ("GNU C", "{ typeof(r) x = 1; }", "typeof is not supported"),
    ],
)
def test_what_the_subset_leaves_out_is_refused_with_its_line(name: str, lines: str, what: str) -> None:
    assert name in LIMITS["subset"].left_out
    with pytest.raises(CError, match=what) as refused:
        with_lines(lines)
    assert refused.value.file == "virt/kvm/kvm_main.c"
    assert refused.value.line > kp.VERSIONS["11"].functions["kvm_create_vm"].first


def test_bit_fields_are_refused() -> None:
    assert "bit-fields" in LIMITS["subset"].left_out
    function = kp.VERSIONS["11"].functions["kvm_destroy_vm_debugfs"].source
    with pytest.raises(CError, match="bit-fields are not supported"):
        kp.VERSIONS["11"].replace(f"struct mine {{\n\tint a : 3;\n}};\n\n{function}")


def test_where_c_is_open_the_model_does_one_thing() -> None:
    say = 'static int say(int n)\n{\n\tprintk("%d", n);\n\treturn n;\n}\n'
    both = "static int both(int a, int b)\n{\n\treturn a + b;\n}\n"
    caller = "static void kvm_destroy_vm_debugfs(struct kvm *kvm)\n{\n\tboth(say(1), say(2) + say(3));\n}\n"
    assert log(kp.VERSIONS["11"].replace(say + both + caller)) == ["1", "2", "3"]  # limit: left to right
    assert log(kp.VERSIONS["11"].replace(caller + both + say)) == ["1", "2", "3"]  # limit: one unit
    assert log(with_lines('{ int x = 2147483647; x++; printk("%d %d", x, 1 << 33); }')) == ["-2147483648 2"]
    assert log(with_lines('{ int x[2]; printk("%d", x[1]); }')) == ["0"]
    oops = kp.run(with_lines('{ int x; printk("%d", x); }')).oops
    assert oops is not None
    assert oops.obj.startswith("x is used, and nothing set it before")
    with pytest.raises(CError, match=r"kvm#1 is not a struct kvm_plane; .* \(limit: one type\)"):
        kp.run(with_lines("{ void *p = kvm; struct kvm_plane *q = p; q->level = 1; }"))
    assert kp.run(with_lines("WARN_ON_ONCE(1);")).defects == ()


def test_lists_and_locks_have_no_memory_and_two_reads_in_a_row_are_one() -> None:
    late = "list_del(&kvm->vm_list);\nmutex_lock(&kvm->lock);\nif (kvm->mm == kvm->mm)\n    return;"
    free = "kvm_arch_free_vm(kvm);"
    version = kp.VERSIONS["11"].edit("mine", "", ("kvm_destroy_vm", free, f"{free}\n{late}"))
    touched = [(defect.access, defect.field) for defect in kp.run(version).defects if defect.kind == "use-after-free"]
    assert touched == [("read", "mm")]


@pytest.mark.parametrize(
    ("lines", "what", "number"),
    [
        ("while (1)\n    ;", "a loop does not end", MOST_ROUNDS),
        ("while (1)\n    kzalloc(8, GFP_KERNEL);", "allocations do not end", MOST_OBJECTS),
    ],
)
def test_what_seems_endless_is_stopped(lines: str, what: str, number: int) -> None:
    assert f"{number:,}" in LIMITS["endless"].left_out
    with pytest.raises(CError, match=f"{what}: .*{number}"):
        kp.run(with_lines(lines))
