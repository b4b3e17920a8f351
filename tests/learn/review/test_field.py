# SPDX-License-Identifier: GPL-2.0-only
"""The field for a reader's own findings: a fold without scripts, every known finding in it, with its lines."""

import re
from html import unescape

import pytest

from kvmplanes.learn import Review, findings_field, report_html
from kvmplanes.learn.review.document import document
from kvmplanes.learn.review.finding import findings_on

each = pytest.mark.parametrize("patch", ["09", "29"])


def plain(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", "", html)).replace("`", "").split())


@each
def test_without_scripts_it_is_a_closed_fold_with_every_finding(patch: str) -> None:
    body = findings_field(patch).html.partition("<script>")[0]
    above, fold = body.split("<details>")
    assert "open" not in re.findall("<details[^>]*>", body)[0]
    items = re.findall(r'<li data-lines="([^"]*)"(?: data-alarm)?>(.*?)</li>', fold)
    assert len(items) == len(findings_on(patch))
    known = [finding for finding in findings_on(patch) if finding.weight != "false alarm"]
    assert f"{len(known)} findings on this code are known here" in plain(fold)
    for finding, (lines, text) in zip(findings_on(patch), items, strict=True):
        assert set(lines.split()) == set(finding.lines) <= {line.id for line in document(patch).lines}
        claim = " ".join(finding.claim.replace("`", "").split())
        assert claim in plain(text)
        assert claim not in plain(above)
        assert " ".join(finding.evidence().split()) in plain(text)
    assert fold.count(" data-alarm>") == len(items) - len(known)
    assert [("It would be wrong to say" in text) for _, text in items] == [
        f.weight == "false alarm" for f in findings_on(patch)
    ]


@each
def test_nothing_is_told_before_the_reader_asks(patch: str) -> None:
    field = findings_field(patch)
    for finding in findings_on(patch):
        assert finding.claim not in field.text
    told = re.search(r"print\((.+)\)$", field.text)
    assert told
    shown = eval(told[1], {"report_html": report_html, "Review": Review})  # noqa: S307 - our own text
    assert all(finding.claim in shown.text for finding in findings_on(patch) if finding.weight == "defect")


def test_it_names_lines_as_the_patch_does() -> None:
    assert "L16, or L22..L26" in findings_field("29").text
    assert "+16, or +22..+26" in findings_field("09").text
    with pytest.raises(ValueError, match="no review of '10'"):
        findings_field("10")


def test_it_is_small_and_the_same_every_time() -> None:
    assert findings_field("29") == findings_field("29")
    assert len(findings_field("29").html) < 20_000
    assert not re.search(r"\S@\S", findings_field("29").html.partition("<script>")[0]), "a notebook shows no address"
