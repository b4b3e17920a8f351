# SPDX-License-Identifier: GPL-2.0-only
"""Certificates and verdicts in tables: captioned, scoped, each outcome a colour, a sign and a word."""

import re
from xml.etree.ElementTree import Element

import pytest

import kvmplanes as kp
from kvmplanes.view.tables import LEADING, certificate_table, counterexample, verdict_cell
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
    outcomes = [re.split("[ \N{NO-BREAK SPACE}]", row[-2], maxsplit=1)[1] for row in body]
    plain = [[*row[:-2], outcome, row[-1]] for row, outcome in zip(body, outcomes, strict=True)]
    assert plain == [list(row) for row in rows]


def test_headers_have_a_scope() -> None:
    root = parsed(kp.certify("09"))
    assert {th.get("scope") for th in root.iter("th")} == {"col", "row"}
    assert len(root.findall(".//tbody/tr/th[@scope='row']")) == len(root.findall(".//tbody/tr")) == 18


def test_outcomes_differ_in_colour_sign_and_word() -> None:
    cells = [tr[4] for tr in parsed(kp.certify("09")).findall(".//tbody/tr")]
    assert {cell(td) for td in cells} == {"✓ clean", "✗\N{NO-BREAK SPACE}use-after-free"}
    assert [td.find("b") is not None for td in cells] == [True] * 2 + [False] * 16  # what is clean is quiet


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
    shown = cert._repr_mimebundle_()
    assert shown == view._repr_mimebundle_()
    assert shown["text/plain"] == view.text == str(cert) == repr(cert)
    assert view.html == certificate_table(kp.certify(version)).html


@pytest.mark.parametrize("version", ["rfc", "09", "29"])
def test_each_row_leads_to_its_run(version: str) -> None:
    cert = kp.certify(version)
    view = certificate_table(cert)
    runs = {(path.program.name, path.numbers): path.trace for path in cert.paths}
    head, *rows = cert.table()
    table = parsed(cert).find(".//table")
    assert table is not None
    for number, (tr, row) in enumerate(zip(table.findall("tbody/tr"), rows, strict=True)):
        (span,) = tr.iter("span")
        place, step = int(span.get("data-kvmplanes-run", 0)), int(span.get("data-kvmplanes-step", ""))
        assert (place, cell(span)) == (number, row[head.index("failing call")])
        numbers = tuple(int(n) for n in row[0].split() if n != "-")
        trace = view.runs[place]
        assert trace is runs[row[1] if "program" in head else "usual", numbers]
        shown, after = trace.steps[step], trace.steps[step + 1 : step + 2]
        if trace.defects or trace.failed:
            assert shown.defect if trace.defects else shown.what == "fail"
        else:
            assert all(later.op.verb == "close" for later in after)


def test_the_counterexample_s_step_leads_into_it() -> None:
    cert = kp.certify("09")
    view = certificate_table(cert)
    (span,) = parsed(cert)[1].iter("span")
    trace = view.runs[int(span.get("data-kvmplanes-run", 0))]
    assert trace is cert.counterexample
    assert span.text == f"step {trace.defects[0].step}" == f"step {span.get('data-kvmplanes-step')}"


def test_of_hundreds_of_rows_the_first_lead_to_their_runs() -> None:
    cert = kp.certify("29", failures=2)
    view = certificate_table(cert)
    assert len(cert.paths) > len(view.runs) == LEADING
    assert all(path.trace in view.runs for path in cert.paths if path.outcome != "clean")
    assert view.html.count(" data-kvmplanes-step=") == LEADING + 1
    assert f"The first {LEADING} rows lead to their runs." in view.html


def test_a_verdict_is_a_sign_a_word_and_a_few_words_more() -> None:
    assert verdict_cell("clean").text == "clean"
    leak = verdict_cell("leak", "plane#0 <leaked>")
    assert leak.text == "leak: plane#0 <leaked>"
    assert leak.html.endswith("✗\u00a0leak</b><br>plane#0 &lt;leaked&gt;")
