# SPDX-License-Identifier: GPL-2.0-only
"""The patch is the one that was posted, read whole, and every added line is explained."""

import doctest
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import kvmplanes.patch
from kvmplanes.patch import EVENTS, KINDS, PATCH, AddedLine, ContextLine, load
from kvmplanes.patch.document import LICENCE

ROOM = Path(__file__).resolve().parents[2] / "kvmplanes" / "patch"
FILE = ROOM / "0009-kvm-introduce-struct-kvm_plane.patch"
MAIL = FILE.read_text(encoding="utf-8")
NOTES = tomllib.loads((ROOM / "lines.toml").read_text(encoding="utf-8"))

# Of the mail as posted; if this fails, the document under study was edited: take it back, whatever the reason was.
SHA256 = "201b8ff28bb72298e8c94426c70e4003b1495a6b241c3d937a2d0b4ea587f941"


def read_by_hand() -> list[tuple[str, int, str, str]]:
    """Every line of every hunk as (file, target line number, sign, text), without a diff library."""
    rows, file, lineno = [], "", 0
    for line in MAIL.partition("\n---\n")[2].split("\n-- \n")[0].splitlines():
        if line.startswith("+++ b/"):
            file = line.removeprefix("+++ b/")
        elif at := re.match(r"@@ -\d+,\d+ \+(\d+),\d+ @@", line):
            lineno = int(at[1])
        elif lineno and line[0] in "+ " and not line.startswith("+++"):
            rows.append((file, lineno, line[0], line[1:]))
            lineno += 1
        elif line.startswith("diff "):
            lineno = 0
    return rows


def test_the_file_is_as_posted() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256


def test_the_mail() -> None:
    assert PATCH.subject == "[PATCH 09/60] kvm: Introduce struct kvm_plane"
    assert PATCH.message_id == "20260608144252.351443-10-joro@8bytes.org"
    assert PATCH.authors == ("Paolo Bonzini <pbonzini@redhat.com>", "Joerg Roedel <joerg.roedel@amd.com>")
    assert PATCH.date == "Mon, 8 Jun 2026 16:42:01 +0200"
    assert PATCH.message.startswith("Introduce a data structure to keep VM-wide per-plane state.")
    assert PATCH.message.endswith("Signed-off-by: Joerg Roedel <joerg.roedel@amd.com>")
    assert str(PATCH) == f"{PATCH.subject} (Paolo Bonzini <pbonzini@redhat.com>; 3 files, 54 added lines)"


def test_the_licence_stands_beside_the_file() -> None:
    beside = FILE.with_name(FILE.name + ".license").read_text(encoding="utf-8")
    assert f"SPDX-License-Identifier: {LICENCE}\n" in beside
    assert PATCH.licence == LICENCE
    assert PATCH.message_id in beside
    assert all(f"SPDX-FileCopyrightText: 2026 {author}\n" in beside for author in PATCH.authors)


def test_counts_are_those_of_the_diffstat() -> None:
    stat = {name: int(count) for name, count in re.findall(r"^ (\S+) +\| +(\d+) \++$", MAIL, re.MULTILINE)}
    assert Counter(line.file for line in PATCH.added) == stat
    assert stat == {"include/linux/kvm_host.h": 7, "include/uapi/linux/kvm.h": 6, "virt/kvm/kvm_main.c": 41}
    assert PATCH.files == tuple(stat)


def test_every_line_is_read() -> None:
    ours = [
        (hunk.file, line.target_lineno, "+" if isinstance(line, AddedLine) else " ", line.text)
        for hunk in PATCH.hunks
        for line in hunk.lines
    ]
    assert ours == read_by_hand()
    assert [line.text for line in PATCH.added] == [text for _, _, sign, text in ours if sign == "+"]


def test_hunks() -> None:
    assert [str(hunk) for hunk in PATCH.hunks] == re.findall(r"^@@ .*$", MAIL, re.MULTILINE)
    assert [hunk.number for hunk in PATCH.hunks] == list(range(1, 9))
    assert [len(hunk.added) for hunk in PATCH.hunks] == [5, 2, 5, 1, 32, 6, 2, 1]
    assert all(isinstance(hunk.lines[0], ContextLine) for hunk in PATCH.hunks)


def test_ids_number_the_lines_in_order() -> None:
    assert [line.number for line in PATCH.added] == list(range(1, 55))
    assert [line.id for line in PATCH.added] == [f"+{n:02}" for n in range(1, 55)]


def test_lines_that_everything_else_names() -> None:
    known = {
        "+06": "struct kvm_plane *planes[KVM_MAX_PLANES];",
        "+11": "#define KVM_MAX_PLANES\t16",
        "+13": "#define KVM_CAP_PLANES 249",
        "+24": "kvm->planes[plane_level] = plane;",
        "+31": "kfree(plane);",
        "+42": "kvm->planes[i] = NULL;",
        "+49": "goto out_no_planes;",
        "+53": "out_no_planes:",
    }
    assert {id_: PATCH.line(id_).text.strip() for id_ in known} == known
    assert (PATCH.line("+52").text, PATCH.line("+52").within) == (PATCH.line("+54").text, "kvm_create_vm()")
    assert PATCH.line("+54").within == "kvm_destroy_vm()"


def test_kinds_divide_the_lines() -> None:
    ids = {kind: "".join(line.id for line in PATCH.added if line.kind == kind) for kind in KINDS}
    assert ids == {
        "declaration": "+01+02+03+04+05+06+07",
        "uapi": "+08+09+10+11+12+13",
        "create": "+14+15+16+17+18+19+20+21+22+23+24+25+26+27+28+46+47+51",
        "unwind": "+48+49+50+52+53",
        "destroy": "+29+30+31+32+33+34+35+36+37+38+39+40+41+42+43+44+45+54",
    }


def test_every_event_has_a_line() -> None:
    assert {line.event for line in PATCH.added} == set(EVENTS)
    assert len(EVENTS) == 13


def test_every_line_belongs_to_what_its_neighbours_belong_to() -> None:
    """The names in `within` are in the hunk's text or its heading, and each stands in one stretch of lines."""
    stretches: list[str] = []
    for hunk in PATCH.hunks:
        text = hunk.heading + "\n".join(line.text for line in hunk.lines)
        for line in hunk.added:
            assert line.within.removesuffix("()") in text, line.id
            if stretches[-1:] != [line.within]:
                stretches.append(line.within)
    assert len(stretches) == len(set(stretches)) == 9


def test_every_line_with_a_word_is_explained_and_no_other() -> None:
    silent = [line.text.strip() for line in PATCH.added if not line.explanation]
    assert Counter(silent) == {"": 12, "{": 3, "}": 5, "};": 1, "/*": 1, "*/": 1}
    assert all(re.search(r"\w", line.text) for line in PATCH.added if line.explanation)


def test_explanations_are_short_whole_and_each_its_own() -> None:
    sentences: Counter[str] = Counter()
    for line in PATCH.added:
        if line.explanation:
            assert 2 <= len(line.explanation.split()) <= 65, line.id
            assert line.explanation.endswith("."), line.id
            assert line.explanation.isascii(), line.id
            sentences.update(re.split(r"(?<=[.:;]) ", line.explanation))
    assert [sentence for sentence, count in sentences.items() if count > 1] == []


def test_no_note_judges_what_the_reader_is_to_judge() -> None:
    """01 asks which line should move and shows the notes; 05 answers."""
    telling = (
        r"one line (?:too|lower|higher)|wrong (?:place|line|order)|freed memory|after (?:the|its) free|use[- ]after"
    )
    telling += (
        r"|swap|the order is|leaks with every|KASAN|init_on_free|must not be freed|already freed|too (?:early|late|low)"
    )
    assert [line.id for line in PATCH.added if re.search(telling, line.explanation)] == []


def test_explanations_name_lines_that_exist_and_patches_of_the_series() -> None:
    for line in PATCH.added:
        for other in re.findall(r"\+\d+\b", line.explanation):
            assert PATCH.line(other).id == other
        for number in re.findall(r"\b(\d+)/60\b", line.explanation):
            assert 1 <= int(number) <= 60, line.id


@pytest.mark.parametrize(
    ("id_", "later"),
    [("+11", "29/60"), ("+13", "28/60"), ("+19", "26/60"), ("+24", "29/60"), ("+46", "")],
)
def test_what_is_wrong_is_said_as_posted_with_what_becomes_of_it(id_: str, later: str) -> None:
    explanation = PATCH.line(id_).explanation
    assert "as posted in 09/60" in explanation.lower()
    assert later in explanation


def test_select() -> None:
    def ids(*args: object) -> list[str]:
        return [line.id for line in PATCH.select(*args)]  # type: ignore[arg-type]

    assert ids("+24") == ["+24"]
    assert ids("+18..+19 +54") == ids(["+54", "+18", "+19", "+19"]) == ["+18", "+19", "+54"]
    assert ids(line.id for line in PATCH.added) == [line.id for line in PATCH.added]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: PATCH.line("+55"), r"no added line '\+55': the patch has \"\+01\" to \"\+54\""),
        (lambda: PATCH.line("24"), "no added line '24'"),
        (lambda: PATCH.select("+14..+99"), r"no added line '\+99'"),
        (lambda: PATCH.select("+19..+18"), r"runs backwards: write \+18\.\.\+19"),
        (lambda: PATCH.select(" "), "no line named"),
        (lambda: PATCH.select([]), "no line named: write ids"),
    ],
)
def test_bad_ids_are_refused(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code": "kfree(kvm);"}, r"\+31 is 'kfree\(plane\);', and the note"),
        ({"kind": "release"}, "kind 'release' is none of declaration, uapi, create, unwind, destroy"),
        ({"event": "free kvm"}, "event 'free kvm' is none of alloc plane, fail plane"),
        ({"explanation": " "}, r"\+31: a line with a word in it has an explanation"),
    ],
)
def test_a_note_that_does_not_fit_is_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        load(MAIL, {**NOTES, "+31": {**NOTES["+31"], **change}})


def test_a_brace_is_not_explained() -> None:
    with pytest.raises(ValueError, match=r"\+32: a line with a word in it has an explanation, and no other line"):
        load(MAIL, {**NOTES, "+32": {**NOTES["+32"], "explanation": "Closes it."}})


def test_notes_and_lines_come_in_pairs() -> None:
    with pytest.raises(ValueError, match=r"does not add: \+55"):
        load(MAIL, {**NOTES, "+55": NOTES["+54"]})
    with pytest.raises(ValueError, match=r"\+54 is 'kvm_destroy_planes\(kvm\);', and the note"):
        load(MAIL, {id_: note for id_, note in NOTES.items() if id_ != "+54"})


def test_only_added_lines_are_expected() -> None:
    removed = MAIL.replace("\n \tint node_idx;\n", "\n-\tint node_idx;\n").replace("+767,11", "+767,10")
    with pytest.raises(ValueError, match=r"include/linux/kvm_host.h loses 'int node_idx;'"):
        load(removed, NOTES)


def test_the_example_runs() -> None:
    assert doctest.testmod(kvmplanes.patch) == (0, 4)


def test_the_document_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        PATCH.line("+24").event = "free plane"  # type: ignore[misc]
