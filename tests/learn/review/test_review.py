# SPDX-License-Identifier: GPL-2.0-only
"""Reviews: what is covered, the evidence behind each finding, and the mail."""

from dataclasses import replace
from typing import Any

import pytest

import kvmplanes as kp
from kvmplanes.learn.review import Review, coverage_html, patch29, report_html
from kvmplanes.learn.review.composer import NO_FAILURE, composer
from kvmplanes.learn.review.finding import FINDING_SHAPE, Finding, findings_on
from kvmplanes.learn.texts import read
from kvmplanes.patch import AddedLine, ContextLine, Patch
from kvmplanes.patch.claims import CLAIMS

ALL = [
    pytest.param(patch, finding, id=f"{patch}-{finding.id}") for patch in ("09", "29") for finding in findings_on(patch)
]
each = pytest.mark.parametrize(("patch", "finding"), ALL)

# Evidence from the text of the patch, of the C, or of another mail: no run changes it.
OF_TEXT = {("09", id_) for id_ in ("number", "selftest", "message", "prefix", "kzalloc-obj", "style", "tags")}
OF_TEXT |= {("29", id_) for id_ in ("selftest", "prefix", "race")}
UNLOCKED = kp.VERSIONS["29"].edit("29 unlocked", "without the lock", ("kvm_vm_ioctl", "mutex_lock(&kvm->lock);", ""))


def another_patch() -> Patch:
    """The patch with another head, and with lines of which nothing of 09/60's is true."""

    def other(line: AddedLine | ContextLine) -> AddedLine | ContextLine:
        text = line.text.replace("249", "250").replace("kzalloc(sizeof", "kzalloc_obj(").replace("== NULL", "")
        return replace(line, text=text.replace("unsigned ", "unsigned int "))

    hunks = [replace(hunk, file="tools/testing/a", lines=tuple(map(other, hunk.lines))) for hunk in kp.PATCH.hunks]
    message = "Destroy, free.\n\nCo-developed-by: A\nCo-developed-by: B\nSigned-off-by: B"
    return replace(kp.PATCH, subject="[PATCH] KVM: A title", message=message, hunks=tuple(hunks))


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
def test_a_finding_stands_on_lines_that_there_are(patch: str, finding: Finding) -> None:
    assert set(finding.lines) <= {line.id for line in Review(patch).document.lines}


def test_the_ioctl_is_quoted_as_it_runs() -> None:
    document, function = Review("29").document, kp.VERSIONS["29"].functions["kvm_vm_ioctl_create_plane"]
    assert "".join(f"{line.text}\n" for line in document.shown) == function.source
    assert document.line("L34").text == "\tkvm_destroy_one_plane(plane);"
    assert document.line("L34").text.strip() == function.line(function.first + 33)
    assert [line.text.strip() for line in document.shown if not line.id] == ["{", "", "", "", "}", "", "}", "", "", "}"]


def test_the_listing_names_each_line_that_can_be_commented_on() -> None:
    for patch in ("09", "29"):
        review = Review(patch)
        listed = review.listing.text.splitlines()
        assert [line[:3] for line in listed if line[:1] in ("L", "+")] == [line.id for line in review.document.lines]
        assert len(listed) == len(review.document.shown)
    assert "L34          kvm_destroy_one_plane(plane);" in Review("29").listing.text
    assert "+54  +       kvm_destroy_planes(kvm);" in Review("09").listing.text


def test_the_put_would_free_the_plane_twice_if_it_were_the_last() -> None:
    (order,) = (finding for finding in findings_on("29") if finding.id == "put-order")
    assert "freed twice before the call returns" in order.evidence()
    assert "in this order, once" in order.evidence()


@each
def test_the_evidence_is_computed(patch: str, finding: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = finding.evidence()
    assert evidence.endswith("."), patch
    if finding.id in ("nospec", "uninitialised"):
        return  # what the model cannot show, and an allocator that zeroes in every version
    changed = set()
    for version in ("rfc", "08", "09", "11", "29-fixed"):
        with monkeypatch.context() as patched:
            run, certify = kp.run, kp.certify
            patched.setattr(kp, "run", lambda *_, v=version, f=run, **__: f(v))
            patched.setattr(kp, "certify", lambda *_, v=version, f=certify: f(v))
            patched.setattr(kp, "check_extension", lambda *_: 7)
            try:
                changed.add(finding.evidence() != evidence)
            except (ValueError, StopIteration, IndexError, KeyError):
                changed.add(True)
    assert (True in changed) is ((patch, finding.id) not in OF_TEXT)
    with monkeypatch.context() as patched:
        patched.setattr(kp, "PATCH", another_patch())
        patched.setattr(patch29, "TITLE_29", "KVM: A title")
        patched.setattr(patch29, "CLAIMS", {"00/60": CLAIMS["10/60"]})
        patched.setattr(kp, "VERSIONS", {"29": UNLOCKED})
        assert (patch, finding.id) not in OF_TEXT or finding.evidence() != evidence


def test_the_defects_are_those_that_certificates_show() -> None:
    for patch in ("09", "29"):
        assert "defect" in {finding.weight for finding in findings_on(patch)}
        assert not kp.certify(patch).clean
    (teardown,) = (finding for finding in findings_on("09") if finding.weight == "defect")
    assert "16 reads and 1 write after free" in teardown.evidence()


def test_coverage_grows_with_runs_and_comments() -> None:
    review = Review("09")
    assert review.coverage == replace(review.coverage, seen=(), taken=(), commented=())
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
    assert not review.coverage.commented


def test_the_ioctls_lines_are_covered_by_its_own_runs() -> None:
    review = Review("29")
    review.run()
    assert review.coverage.seen == ()
    review.run(planes=(1,), fail="anon_inode_getfile(plane 1)")
    assert {"L32", "L33", "L34"} <= set(review.coverage.seen)
    assert review.coverage.exits == ("return", "put_fd", "put_kvm", "close")


def test_the_mail_quotes_before_it_speaks() -> None:
    review = Review("09")
    review.comment("+54", "Too late: kvm is gone.\n\nCall it earlier. " + "Really. " * 20)
    review.comment("+13", "Who uses it?")
    mail = review.mail()
    head, _, body = mail.partition("\n\n")
    assert head.splitlines() == [f"Subject: Re: {kp.PATCH.subject}", f"In-Reply-To: <{kp.PATCH.message_id}>"]
    assert body.startswith(
        f"On {kp.PATCH.date}, Joerg Roedel wrote:\n> From: Paolo Bonzini <pbonzini@redhat.com>\n> [...]\n"
        "> +++ b/include/uapi/linux/kvm.h\n> @@"
    )
    lines = body.splitlines()
    assert lines.index("> +       kvm_destroy_planes(kvm);") < lines.index("Too late: kvm is gone.")
    assert lines.index("Who uses it?") < lines.index("> +       kvm_destroy_planes(kvm);")
    assert max(len(line) for line in lines if line[:1] != ">" and not line.startswith("On ")) <= 72
    assert "    kvm_arch_free_vm(kvm);" in mail
    assert mail == review.mail()


def test_findings_are_counted_and_named_only_on_demand() -> None:
    review = Review("09")
    review.comment("+53", "naming")
    shown, revealed = report_html(review), report_html(review, reveal=True)
    assert shown.text.startswith(
        "1 of 20 known findings covered. 19 findings missing, 1 defect among them. Look again at"
    )
    missing = next(finding.claim for finding in review.missed if finding.weight == "defect")
    assert missing not in shown.text
    assert missing in revealed.text
    assert missing.partition(",")[0] in revealed.html


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda r: r.comment("+55", "x"), r"no line '\+55': there are \+01 to \+54"),
        (lambda r: r.comment("+05..+02", "x"), r"runs backwards: write \+02\.\.\+05"),
        (lambda r: r.comment("+05", "  "), "the comment is empty"),
        (lambda r: r.withdraw(1), r"number must be one of the comments' \(none yet\), not 1"),
        (lambda r: r.ran(kp.run("11")), "a review of 09, and the run is of 11"),
        (lambda _: Review("10"), "no review of '10'; there are 09, 29"),
        (lambda _: findings_on("10"), "no review of '10'"),
    ],
)
def test_what_cannot_be_is_named(call: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        call(Review("09"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("weight = 'heavy'\nclaim = 'x'\npatterns = {}", "a: weight: one of defect, latent, .* is wanted, not 'heavy'"),
        ("weight = 'style'\nclaim = 'x'", "a: patterns is missing; the members are weight, claim, patterns, unless"),
        ("weight = 'style'\nclaim = 'x'\npatterns = {'34' = ['x']}", "a: patterns: '34' is no line: write "),
        ("weight = 'style'\nclaim = 'x'\npatterns = {'+34' = ['(']}", r"a: patterns: '\(\?:\(\)' is no pattern: "),
        ("[a]", "Cannot declare"),
        ("[b]", "b has a text and no evidence"),
    ],
)
def test_a_text_that_is_no_finding_is_refused(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        read(f"[a]\n{text}", FINDING_SHAPE, "evidence", {"a": str})


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
    assert "It would be wrong to say that the error path" in desk.findings.value
    assert "Does this leak?" in desk.mail.value
    desk.run.click()
    desk.call.value = "kvm_create_plane(kvm, 0)"
    desk.run.click()
    assert [bool(run.failed) for run in desk.review.runs] == [False, True]
    assert "52 of 54" in desk.meter.value
    desk.remove.click()  # the last comment is chosen
    assert desk.review.comments == ()
    assert desk.which.value is None
    assert desk.text.value == "Does this leak?"
    desk.first.value, desk.last.value = "+54", "+52"
    desk.add.click()
    assert "runs backwards" in desk.message.value
    assert desk.text.value == "Does this leak?"


def test_the_comment_that_was_written_last_is_the_one_to_take_back() -> None:
    desk = composer("09")
    for text in ("First.", "Second."):
        desk.text.value = text
        desk.add.click()
    assert desk.which.value == 2
    assert desk.which.options[1][0].endswith("Second.")
    desk.remove.click()
    assert [comment.text for comment in desk.review.comments] == ["First."]
    assert (desk.which.value, desk.text.value) == (1, "Second.")


def test_a_comment_keeps_its_number() -> None:
    review = Review("09")
    for line in ("+54", "+24", "+01"):
        review.comment(line, f"On {line}.")
    assert [comment.number for comment in review.comments] == [3, 2, 1]
    review.withdraw(2)
    review.comment("+24", "Again.")
    assert [(comment.lines[0], comment.number) for comment in review.comments] == [("+01", 3), ("+24", 4), ("+54", 1)]
    assert "Comment 4, on +24" in report_html(review).text


def test_words_that_fit_other_lines_are_asked_about() -> None:
    review = Review("09")
    review.comment("+31", "use after free")
    review.comment("+32", "Nice.")
    first, second = report_html(review).text.split("Comment 2")
    assert "is this the line that you mean?" in first
    assert "is this the line that you mean?" not in second


def test_a_line_is_listed_with_its_hunk_and_its_indentation() -> None:
    options = {line: label for label, line in composer("09").first.options}
    assert options["+24"] == "hunk 5, +24\u00a0 " + "\u00a0" * 4 + "kvm->planes[plane_level] = plane;"


def test_a_run_is_told_and_opened_in_the_player() -> None:
    desk = composer("09")
    told = next(part for part in desk.children if desk.outcome in getattr(part, "children", ()))
    assert told.layout.display == "none"
    stage = told.children[-1]
    for call, sentences in {
        NO_FAILURE: ["use-after-free", "KVM_CREATE_VM returns fd 4", "Defects: 16 reads and 1 write after free."],
        "kvm_create_plane(kvm, 0)": ["clean", "KVM_CREATE_VM returns ENOMEM", "No defect"],
    }.items():
        desk.call.value = call
        desk.run.click()
        assert told.layout.display is None
        assert all(sentence in desk.outcome.value for sentence in sentences)
        assert stage.children == ()
        desk.play.click()
        (shown,) = stage.children
        assert shown.value == shown.data["start"] >= 1
        assert bool(desk.review.runs[-1].failed) == ("kvm_create_plane" in shown.data["title"])
        assert desk.play.description == "Close the player"
    desk.play.click()
    assert stage.children == ()
    assert desk.play.description == "Open this run in the player"


def test_beside_the_composer_stands_what_a_file_shows() -> None:
    bundle = composer("29")._repr_mimebundle_()
    assert "widget" not in bundle["text/html"]
    assert bundle["text/plain"].startswith("Review composer. Run this cell")
    assert "(no comments yet)" in bundle["text/plain"]
    assert composer("29").call.options[0] == NO_FAILURE
