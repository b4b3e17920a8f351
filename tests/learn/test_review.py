# SPDX-License-Identifier: GPL-2.0-only
"""Reviews: what is covered, what a comment is taken to mean, the evidence behind each finding, and the mail."""

from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn.composer import NOTHING, composer
from kvmplanes.learn.findings import Finding, findings_on, read
from kvmplanes.learn.meter import coverage_html, report_html
from kvmplanes.learn.review import Review

ALL = [pytest.param(patch, one, id=f"{patch}-{one.id}") for patch in ("09", "29") for one in findings_on(patch)]
each = pytest.mark.parametrize(("patch", "finding"), ALL)

# (patch, finding) -> comments that somebody may write, in words of their own, with the lines they stand on.
SAID: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("09", "teardown-order"): [
        ("+54", "kvm has already been freed here."),
        ("+54", "Please move this above kvm_arch_free_vm()."),
        ("+54", "Shouldn't this come before kvm_arch_free_vm()?"),
        ("+41..+42", "When called from kvm_destroy_vm this is a UAF"),
    ],
    ("09", "index"): [("+24", "No bounds check"), ("+14", "what if plane_level >= KVM_MAX_PLANES?")],
    ("09", "overwrite"): [("+24", "This overwrites whatever was there"), ("+24", "If the slot is occupied we lose it")],
    ("09", "early-publish"): [("+24", "You publish the plane in the callee"), ("+24", "What if a later step fails?")],
    ("09", "errno"): [("+19", "Please return ERR_PTR(-ENOMEM)"), ("+47..+48", "the caller invents the errno")],
    ("09", "capability"): [("+13", "unused in this patch"), ("+13", "Who implements it?")],
    ("09", "cost"): [("+06", "128 bytes in every VM?"), ("+11", "Why 16?")],
    ("09", "message"): [
        ("+54", "The commit message does not say anything about this"),
        ("+11", "please mention this limit"),
    ],
    ("09", "comment"): [("+46", "Nothing is initialized here"), ("+46", "the comment is wrong")],
    ("09", "label"): [("+53", "naming: out_err_no_planes?"), ("+49", "inconsistent with the other labels")],
    ("09", "style"): [("+03", "unsigned int"), ("+39", "checkpatch: use !kvm->planes[i]")],
    ("09", "error-path"): [("+49", "does this leak?"), ("+53", "label in the wrong place")],
    ("09", "r-unset"): [("+47..+49", "r is uninitialized on this path"), ("+48", "r not set")],
    ("09", "uninitialised"): [("+39", "planes[] is uninitialised garbage"), ("+06", "needs a memset")],
    ("09", "race"): [("+24", "needs smp_store_release?"), ("+42", "who holds the lock here")],
    ("29", "dangling"): [("L24..L25", "the slot dangles"), ("L25", "planes[id] = NULL is missing")],
    ("29", "retry"): [("L05", "a retry will get EEXIST"), ("L25", "asking again fails")],
    ("29", "truncation"): [("L02", "id is truncated"), ("L01", "arg is unsigned long")],
    ("29", "nospec"): [("L05", "array_index_nospec()?"), ("L03", "spectre v1")],
    ("29", "lifetime"): [("L20", "who frees it when the fd is closed?"), ("L16", "release does not free the plane")],
    ("29", "bounds"): [("L05", "index out of range"), ("L11", "could overwrite a plane")],
    ("29", "leak"): [("L19", "leaks the plane"), ("L13", "fd leak")],
}


@each
def test_other_peoples_words_are_understood(patch: str, finding: Finding) -> None:
    said = SAID[patch, finding.id]
    assert len(said) >= 2
    for lines, text in said:
        review = Review(patch)
        review.comment(lines, text)
        assert finding in review.meant(review.comments[0]), text


@pytest.mark.parametrize(
    ("patch", "lines", "text"),
    [
        ("09", "+01", "Nice."),
        ("09", "+54", "Typo?"),
        ("09", "+31", "use after free"),
        ("09", "+54", "Looks good, no use-after-free here."),
        ("29", "L01", "Reviewed-by: me"),
    ],
)
def test_what_is_not_understood_is_kept_and_said_to_be_so(patch: str, lines: str, text: str) -> None:
    review = Review(patch)
    review.comment(lines, text)
    assert review.meant(review.comments[0]) == ()
    assert text in review.mail()
    assert "Kept as it is" in report_html(review).text


@each
def test_the_evidence_is_the_models(patch: str, finding: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    told = finding.shown()
    assert told.endswith("."), patch
    if finding.id in ("message", "style", "nospec", "uninitialised"):
        return  # of the patch's text, of what the model cannot show, of an allocator that zeroes in every version
    changed = set()
    for version in ("rfc", "08", "09", "11", "29-fixed"):
        with monkeypatch.context() as patched:
            run, certify = kp.run, kp.certify
            patched.setattr(kp, "run", lambda *_, v=version, f=run, **__: f(v))
            patched.setattr(kp, "certify", lambda *_, v=version, f=certify: f(v))
            patched.setattr(kp, "check_extension", lambda *_: 7)
            try:
                changed.add(finding.shown() != told)
            except (ValueError, StopIteration, IndexError, KeyError):
                changed.add(True)
    assert True in changed, "nothing that happens to the model changes the evidence"


def test_the_defects_are_those_that_certificates_show() -> None:
    for patch in ("09", "29"):
        assert [one.id for one in findings_on(patch) if one.weight == "defect"]
        assert not kp.certify(patch).clean
    assert "16 reads and 1 write after free" in next(one for one in findings_on("09") if one.weight == "defect").shown()


def test_coverage_grows_with_runs_and_comments() -> None:
    review = Review("09")
    assert review.coverage.seen == review.coverage.taken == review.coverage.commented == ()
    review.run()
    assert set(review.coverage.lines) - set(review.coverage.seen) == {
        "+13", "+18", "+19", "+48", "+49", "+50", "+52", "+53",
    }  # fmt: skip
    assert review.coverage.taken == ("close",)
    review.run(fail="kvm_create_plane")
    review.run(fail="init_srcu_struct")
    review.run(ops=("KVM_CREATE_VM", "KVM_CHECK_EXTENSION vm"))
    assert review.coverage.seen == review.coverage.lines
    assert review.coverage.exits == tuple(dict.fromkeys(path.exit for path in kp.certify("09").paths))
    review.comment("+47..+50", "Fine.")
    assert review.coverage.commented == ("+47", "+48", "+49", "+50")
    assert "lines with a comment: 4 of 54" in coverage_html(review).text
    review.withdraw(1)
    assert review.coverage.commented == ()


def test_the_ioctls_lines_are_covered_by_its_own_runs() -> None:
    review = Review("29")
    review.run()
    assert review.coverage.seen == ()
    review.run(planes=(1,), fail="anon_inode_getfile(plane 1)")
    assert {"L23", "L24", "L25"} <= set(review.coverage.seen)
    assert review.coverage.exits == ("return", "put_fd", "put_kvm", "close")


def test_the_mail_quotes_before_it_speaks() -> None:
    review = Review("09")
    review.comment("+54", "Too late: kvm is gone.\n\nCall it earlier. " + "Really. " * 20)
    review.comment("+13", "Who uses it?")
    mail = review.mail()
    head, _, body = mail.partition("\n\n")
    assert head.splitlines() == [f"Subject: Re: {kp.PATCH.subject}", f"In-Reply-To: <{kp.PATCH.message_id}>"]
    assert body.startswith(f"On {kp.PATCH.date}, Paolo Bonzini wrote:\n> [...]\n> +++ b/include/uapi/linux/kvm.h\n> @@")
    lines = body.splitlines()
    assert lines.index("> +       kvm_destroy_planes(kvm);") < lines.index("Too late: kvm is gone.")
    assert lines.index("Who uses it?") < lines.index("> +       kvm_destroy_planes(kvm);")
    assert max(len(line) for line in lines if line[:1] != ">" and not line.startswith("On ")) <= 72
    assert "    kvm_arch_free_vm(kvm);" in mail
    assert mail == review.mail()


def test_findings_are_counted_and_named_only_on_demand() -> None:
    review = Review("09")
    review.comment("+53", "naming")
    told, revealed = report_html(review), report_html(review, reveal=True)
    assert told.text.startswith(
        "1 of 11 known findings covered. 10 findings missing, 1 defect among them. Look again at"
    )
    missing = next(one.claim for one in review.missed if one.weight == "defect")
    assert missing not in told.text
    assert missing in revealed.text
    assert missing.partition(",")[0] in revealed.html


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.comment("+55", "x"), r"no line '\+55': there are \+01 to \+54"),
        (lambda r: r.comment("+05..+02", "x"), r"runs backwards: write \+02\.\.\+05"),
        (lambda r: r.comment("+05", "  "), "the comment is empty"),
        (lambda r: r.withdraw(1), "no comment 1; there are 0"),
        (lambda r: r.ran(kp.run("11")), "a review of 09, and the run is of 11"),
        (lambda _: Review("10"), "there is no review of '10'; there are 09 and 29"),
        (lambda _: findings_on("10"), "nothing is known about '10'"),
        (lambda _: read("[a]\nweight = 'x'", {"a": str}), "a: give weight"),
        (lambda _: read("", {"a": str}), "need both a text and evidence: a"),
    ],
)
def test_what_cannot_be_is_named(call: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        call(Review("09"))


def test_the_composer_writes_runs_and_loses_nothing() -> None:
    desk = composer("09")
    desk.first.value = "+47"
    assert desk.last.value == "+47"
    desk.last.value = "+50"
    desk.add.click()
    assert "the comment is empty" in desk.message.value
    desk.text.value = "Does this leak?"
    desk.add.click()
    assert desk.review.comments[0].lines == ("+47", "+48", "+49", "+50")
    assert "It is not so that the error path" in desk.findings.value
    assert "Does this leak?" in desk.mail.value
    desk.run.click()
    desk.call.value = "kvm_create_plane(kvm, 0)"
    desk.run.click()
    assert [bool(run.failed) for run in desk.review.runs] == [False, True]
    assert "52 of 54" in desk.meter.value
    desk.which.value = 0
    desk.remove.click()
    assert desk.review.comments == ()
    assert desk.text.value == "Does this leak?"
    desk.first.value, desk.last.value = "+54", "+52"
    desk.add.click()
    assert "runs backwards" in desk.message.value
    assert desk.text.value == "Does this leak?"


def test_beside_the_composer_stands_what_a_file_shows() -> None:
    bundle = composer("29")._repr_mimebundle_()
    assert "widget" not in bundle["text/html"]
    assert bundle["text/plain"].startswith("Review composer. Run this cell")
    assert "(no comments yet)" in bundle["text/plain"]
    assert composer("29").call.options[0] == NOTHING
