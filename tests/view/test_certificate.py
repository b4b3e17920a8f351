# SPDX-License-Identifier: GPL-2.0-only
"""Certificates and verdicts in tables: captioned, scoped, each outcome a colour, a sign and a word."""

from xml.etree.ElementTree import Element

import pytest

import kvmplanes as kp
from kvmplanes.view.tables import certificate_table, counterexample, verdict_cell
from tests.helpers.markup import parse


def parsed(cert: kp.Certificate) -> Element:
    return parse(f"<div>{certificate_table(cert).html}</div>")


def cell(element: Element) -> str:
    return "".join(element.itertext())


@pytest.mark.parametrize("version", kp.VERSIONS)
def test_the_table_has_every_path_and_the_verdict_for_a_caption(version: str) -> None:
    cert = kp.certify(version)
    table = parsed(cert).find(".//table")
    assert table is not None
    assert cell(table[0]) == cert.verdict
    assert table[0].tag == "caption"
    head, *rows = cert.table()
    assert [cell(th) for th in table.findall("thead/tr/th")] == list(head)
    body = [[cell(td) for td in tr] for tr in table.findall("tbody/tr")]
    outcomes = [row[-2].split("\N{NO-BREAK SPACE}")[1] for row in body]
    plain = [[*row[:-2], outcome, row[-1]] for row, outcome in zip(body, outcomes, strict=True)]
    assert plain == [list(row) for row in rows]


def test_headers_have_a_scope() -> None:
    root = parsed(kp.certify("09"))
    assert {th.get("scope") for th in root.iter("th")} == {"col", "row"}
    assert len(root.findall(".//tbody/tr/th[@scope='row']")) == len(root.findall(".//tbody/tr")) == 18


def test_outcomes_differ_in_colour_sign_and_word() -> None:
    badges = [tr[4][0] for tr in parsed(kp.certify("09")).findall(".//tbody/tr")]
    looks = {(badge.get("style"), (badge.text or "")[0], (badge.text or "")[2:]) for badge in badges}
    assert {sign + word for _, sign, word in looks} == {"✓clean", "✗use-after-free"}
    assert len({style for style, _, _ in looks}) == 2


def test_looks_survive_a_notebook_that_is_not_trusted() -> None:
    text = certificate_table(kp.certify("09")).html
    assert "<style" not in text
    assert "class=" not in text
    assert "var(" not in text


def test_the_shortest_counterexample_stands_below_in_one_line() -> None:
    cert = kp.certify("09")
    below = cell(parsed(cert)[-1])
    assert below == counterexample(cert)
    assert below.startswith("Shortest counterexample, ")
    assert "nothing fails, 16 reads and 1 write after free; first at step 44: kvm#1->planes[0] is read" in below
    assert "\n" not in below


def test_where_there_are_several_programs_each_is_told() -> None:
    cert = kp.certify("29")
    _, *below = parsed(cert)
    assert [cell(line) for line in below] == [counterexample(cert), *cert.legend]
    assert cert.legend[0] == "usual: KVM_CREATE_VM, KVM_CREATE_PLANE 1, close(plane 1), close(vm)"
    assert ": program usual, anon_inode_getfile(plane 1) fails, 1 read after free; 1 double free; first" in cell(
        below[0]
    )


def test_a_clean_version_has_none() -> None:
    assert counterexample(kp.certify("11")).startswith("No counterexample")


ENOMEM = "r = -ENOMEM;\ngoto out_no_planes;"


def test_a_wrong_errno_is_told_without_a_step() -> None:
    swallowed = kp.VERSIONS["11"].edit("wrong", "", ("kvm_create_vm", ENOMEM, ENOMEM.replace("ENOMEM", "EBUSY")))
    assert counterexample(kp.certify(swallowed)).endswith("kvm_create_plane(kvm, 0) fails, returns EBUSY, not ENOMEM")


@pytest.mark.parametrize("version", ["09", "29"])
def test_certificates_show_themselves_so(version: str) -> None:
    cert = kp.certify(version)
    view = certificate_table(cert)
    assert cert._repr_mimebundle_() == {"text/html": view.html, "text/plain": str(cert)}
    assert view.text == str(cert) == repr(cert)
    assert view == certificate_table(kp.certify(version))


def test_a_verdict_is_a_sign_a_word_and_a_few_words_more() -> None:
    assert verdict_cell("clean").text == "clean"
    leak = verdict_cell("leak", "plane#0 <leaked>")
    assert leak.text == "leak: plane#0 <leaked>"
    assert leak.html.endswith("✗\u00a0leak</b><br>plane#0 &lt;leaked&gt;")
