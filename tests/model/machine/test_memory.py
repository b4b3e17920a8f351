# SPDX-License-Identifier: GPL-2.0-only
"""Structs, arrays and pointers of the machine's C, on the heap and beside it."""

import tomllib
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model.heap import Event, Oops
from kvmplanes.runs.trace import Trace
from tests.helpers.small_c import kernel, printed, result

TYPES = """
struct inner { int a; int b; };
struct only { int users; };
struct box {
    struct box *next;
    struct inner in;
    struct only count;
    unsigned char small;
    struct box *slots[4];
    int numbers[3];
    const char *name;
};
"""


def on_a_box(body: str) -> tuple[list[str], list[Event]]:
    """What statements print that have a struct box *box, and every event."""
    lines = "\n\t".join(line for line in body.strip().splitlines())
    k, events = kernel(f"{TYPES}\nvoid f(struct box *box)\n{{\n\t{lines}\n}}\n\nvoid g(void)\n{{\n"
                       "\tf(kzalloc(sizeof(struct box), GFP_KERNEL));\n}\n")  # fmt: skip
    k.c["g"]()
    return [event.obj for event in events if event.what == "print"], events


def accesses(events: list[Event]) -> list[str]:
    return [f"{e.what} {e.field} {e.value}" for e in events if e.what in ("read", "write")]


BOXES = tomllib.loads(Path(__file__).with_name("boxes.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BOXES)
def test_on_the_heap(name: str) -> None:
    assert on_a_box(BOXES[name]["c"])[0] == [BOXES[name]["prints"]]


def test_every_access_is_one_event() -> None:
    _, events = on_a_box("box->in.b = 2;\nbox->slots[3] = box;\n&box->in;\nbox->slots;\n&box->slots[1];\nbox->small;")
    assert accesses(events) == ["write in_b 2", "write slots[3] box", "read small 0"]
    _, events = on_a_box("box->numbers[0]++;\nbox->numbers[1] |= 3;\nif (box->next)\n\tbox->next->small = 1;")
    assert accesses(events) == [
        "read numbers[0] 0", "write numbers[0] 1", "read numbers[1] 0", "write numbers[1] 3", "read next NULL",
    ]  # fmt: skip


def test_a_pointer_is_checked_where_it_is_used() -> None:
    pointers = "struct box **slot = &box->slots[3];\nint *p = &box->in.a;\n\n"
    _, events = on_a_box(f"{pointers}kfree(box);\n*slot = NULL;\n*p = 1;\nslot[1] = NULL;")
    assert [(e.field, e.defect) for e in events if e.defect] == [
        ("slots[3]", "use-after-free"), ("in_a", "use-after-free"), ("slots[4]", "use-after-free"),
    ]  # fmt: skip
    _, events = on_a_box("struct box **slot = &box->slots[2];\n\nslot[2] = NULL;\nslot[-3] = NULL;\nslot[1] = NULL;")
    assert [(e.field, e.defect) for e in events if e.what == "write"] == [
        ("slots[4]", "out-of-bounds"), ("slots[-1]", "out-of-bounds"), ("slots[3]", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("box->next->small = 1;", "NULL->small is written"),
        ("struct box **slot = NULL;\n*slot = box;", r"NULL\[0\] is written"),
        ("box->next->in.a++;", "NULL->in_a is read"),
        ("kfree(&box->in);", "kfree.&box->in."),
        ("struct inner *in = &box->next->in;\nin->b = 1;", "NULL->in is written"),
        ("int a[2];\na[2] = 1;", "index 2 of a local array of 2"),
        ('int a[2] = { 1, 2 }, i = -1;\nprintk("%d", a[i]);', "index -1 of a local array of 2"),
    ],
)  # fmt: skip
def test_oopses(body: str, said: str) -> None:
    with pytest.raises(Oops, match=said):
        on_a_box(body)


def test_what_lies_beside_a_member_is_not_modelled() -> None:
    with pytest.raises(
        ValueError, match=r"&box->in_a\[1\]: what lies beside a member is not modelled \(limit: layout\)"
    ):
        on_a_box("int *p = &box->in.a;\n\np[1] = 2;")
    with pytest.raises(ValueError, match=r"box is not a struct inner; the model cannot read one as the other"):
        on_a_box("void *v = box;\nstruct inner *in = v;\n\nin->a = 1;")


def test_local_structs_and_arrays() -> None:
    body = """
        struct pair p = { .b = 2 }, *q = &p, r = { 7, 8 };
        struct outer o = { .in = { 1, 2 }, .n = 3 };
        int grid[2][3] = { { 1, 2, 3 }, { 4 } };
        const char *names[] = { "x", "y" };
        char text[] = "abc", room[4] = "ab";

        q->a += 5;
        o.in.b++;
        grid[1][2] = grid[0][1];
        text[0] = 'X';
        printk("%d %d %d %d", p.a, p.b, r.a, r.b);
        printk("%d %d %d", o.in.a, o.in.b, o.n);
        printk("%d %d %d", grid[1][0], grid[1][1], grid[1][2]);
        printk("%s %s %s", names[1], text, room);
        printk("%lu %lu %lu %lu", sizeof(p), sizeof(grid), sizeof(text), sizeof(names));
        printk("%d %d", room[2] == 0, room[1] == 'b');
    """
    structs = "struct pair { int a; int b; };\nstruct outer { struct pair in; int n; };\n"
    assert printed(body, structs) == ["5 2 7 8", "1 3 3", "4 0 2", "y Xbc ab", "8 24 4 16", "1 1"]


def test_an_array_is_passed_as_a_pointer() -> None:
    text = """
        static int sum(int *numbers, int n)
        {
            int s = 0;

            for (int i = 0; i < n; i++)
                s += numbers[i];
            numbers[0] = s;
            return s;
        }

        int f(void)
        {
            int numbers[3] = { 1, 2, 3 };

            return sum(numbers, 3) * 10 + numbers[0];
        }
    """
    assert result(text) == 66


def test_a_new_object_of_each_call_is_new() -> None:
    next_one = "static int next(void)\n{\n\tint n[1] = { 1 };\n\n\treturn n[0]++;\n}\n"
    assert result(f"{next_one}\nint f(void)\n{{\n\treturn next() + next();\n}}\n") == 2


# -- too little memory, as in the kernel's -------------------------------------------------------------------------


def with_size(size: str) -> Trace:
    line = "struct kvm_plane *plane = kzalloc({}, GFP_KERNEL_ACCOUNT);"
    edit = ("kvm_create_plane", line.format("sizeof(*plane)"), line.format(size))
    return kp.run(kp.VERSIONS["09"].edit("m", "another size", edit, ("kvm_destroy_vm", "kvm_destroy_planes(kvm);", "")))


def test_the_size_of_a_pointer_is_eight_bytes() -> None:
    """sizeof(plane) for sizeof(*plane): plane->level lies beyond."""
    (bad, leak) = with_size("sizeof(plane)").defects
    assert (bad.kind, bad.obj, bad.access, bad.field, bad.function) == (
        "out-of-bounds", "plane#0", "write", "level", "kvm_create_plane",
    )  # fmt: skip
    assert leak.kind == "leak"
    step = with_size("sizeof(plane)").steps[bad.step]
    assert step.text == "0 is written to plane#0->level, beyond the bytes that were allocated."
    assert (step.line, step.stack[0].lineno, step.ids[0]) == ("plane->level = plane_level;", 28, "+22")


@pytest.mark.parametrize(
    ("size", "beyond"),
    [("sizeof(*plane)", ""), ("sizeof(struct kvm)", ""), ("16", ""), ("12", ""), ("11", "level"), ("8", "level"),
     ("sizeof(struct kvm_plane *)", "level"), ("7", "kvm level"), ("0", "kvm level")],
)  # fmt: skip
def test_other_sizes(size: str, beyond: str) -> None:
    members = [defect.field for defect in with_size(size).defects if defect.kind == "out-of-bounds"]
    assert " ".join(members) == beyond
