# SPDX-License-Identifier: GPL-2.0-only
"""The table of cases and instruments: each cell follows its source, and the stored reports are those of a fresh run."""

import dataclasses
import re
from collections.abc import Callable
from types import MappingProxyType

import pytest

import kvmplanes as kp
from kvmplanes.model.heap import Freed
from kvmplanes.model.series import ALL
from kvmplanes.oracle import CRun, Driver, Scenario, fresh, stored
from kvmplanes.oracle.compiled.run import Played
from kvmplanes.oracle.instruments.cases import (
    ABOUT_09,
    CASES,
    Case,
    case,
    decoded,
    fresh_reports,
    recorded,
    sanitizer_reports,
)
from kvmplanes.oracle.instruments.reading import ASKED, objections
from kvmplanes.oracle.instruments.table import Cell, InstrumentTable, instrument_table
from kvmplanes.oracle.instruments.witnesses import INSTRUMENTS
from kvmplanes.oracle.measured import VARIANTS, Variant, evidence_text
from kvmplanes.oracle.measured.evidence import MODELS, V3

TABLE = instrument_table()
RUNS = stored()


def changed_runs(change: Callable[[Played], Played]) -> list[CRun]:
    return [dataclasses.replace(run, result=change(run.result)) for run in RUNS]


def changed_kernel(name: str, **members: object) -> dict[str, Variant]:
    return {**VARIANTS, name: dataclasses.replace(VARIANTS[name], **members)}  # type: ignore[arg-type]


def differing(other: InstrumentTable) -> set[tuple[str, str]]:
    """Case and instrument of every cell whose verdict is another one."""
    pairs = zip(TABLE.cells, other.cells, strict=True)
    return {(a.case.name, a.instrument) for a, b in pairs if a.verdict != b.verdict}


# -- what the table says ----------------------------------------------------------------------------------------------


def test_every_case_meets_every_instrument() -> None:
    assert len(TABLE.cells) == len(CASES) * len(INSTRUMENTS) == len({(c.case, c.instrument) for c in TABLE.cells})
    assert {cell.verdict for cell in TABLE.cells} == {"finds", "misses", "not run", "silent"}


def test_the_repair_alone_has_nothing_to_find() -> None:
    assert [case.name for case in TABLE.cases if not case.trace().defects] == ["09-fixed"]


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.name)
def test_what_address_and_leak_checkers_find_is_what_the_model_has(each: Case) -> None:
    kinds = {defect.kind for defect in case(each.name).trace().defects}
    found = {cell.instrument for cell in TABLE.cells if cell.case == each and cell.verdict == "finds"}
    assert ("ASan / KASAN" in found) == bool(kinds & {"use-after-free", "double-free"})
    assert ("UBSan" in found) == ("out-of-bounds" in kinds)
    # kmemleak trips over the address that a second free makes the allocator hand out twice.
    assert ("LSan / kmemleak" in found) == bool(kinds & {"leak", "double-free"})


@pytest.mark.parametrize(
    ("instrument", "freed"), [("init_on_free + kmemleak", "zeroed"), ("slub_debug=FPZU", "poisoned")]
)
def test_changed_bytes_show_what_the_model_shows(instrument: str, freed: Freed) -> None:
    cell = TABLE.cell("09", instrument)
    assert cell.trace == kp.run("09", freed=freed)
    assert cell.trace.defects != case("09").trace().defects
    assert cell.verdict == "finds"


def test_a_witness_with_a_count_says_so_and_one_without_keeps_no_report() -> None:
    for cell in TABLE.cells:
        for witness in cell.witnesses:
            assert witness.says.startswith(f"{witness.count or 'nothing'} "), witness
            assert bool(witness.count) or not witness.report, witness


def test_bad_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no case 'V1k'; there are rfc, 09, "):
        TABLE.cell("V1k", "UBSan")
    with pytest.raises(ValueError, match=r"no instrument 'lint'; there are reading, "):
        TABLE.cell("09", "lint")
    with pytest.raises(ValueError, match=r"no run of the C for case 'rfc'"):
        instrument_table([])
    with pytest.raises(ValueError, match=r"no report 'x' in kasan-W29.txt; there are first report"):
        recorded("kasan-W29.txt", "x")


def test_the_rows_can_be_chosen() -> None:
    table = instrument_table(cases=ABOUT_09)
    assert [row.name for row in table.cases] == [row.name for row in CASES if row.name != "29"]
    assert set(table.cells) < set(TABLE.cells)
    assert "29" not in str(table)
    with pytest.raises(ValueError, match=r"no case '29'; there are rfc, .*, 09-level16$"):
        table.cell("29", "UBSan")
    with pytest.raises(ValueError, match="no case 'V1k'"):
        instrument_table(cases=("09", "V1k"))


def test_decoded_addresses_are_the_evidences() -> None:
    lines = decoded("kasan-V1k.txt").splitlines()
    text = evidence_text("kasan-V1k.txt").partition("Decoded sites")[2]
    assert len(lines) == 2 * text.count(" = ")
    for place, chain in zip(lines[::2], lines[1::2], strict=True):
        assert f" = {chain.strip()}   [{place.removesuffix(':')}]" in text
    with pytest.raises(ValueError, match=r"no addresses of oops-poison\.txt were decoded"):
        decoded("oops-poison.txt")


def test_the_case_without_52_is_the_mutant_that_the_evidence_calls_v3k() -> None:
    assert case("without +52").version is MODELS["V3k"] is V3


# -- no cell is typed: each changes with its source -------------------------------------------------------------------


def test_the_c_fills_its_cells() -> None:
    quiet = changed_runs(lambda r: dataclasses.replace(r, reports=(), lsan=0))
    seen = differing(instrument_table(quiet))
    assert seen == {("rfc", "LSan / kmemleak")}, "everywhere else a kernel saw it, too"
    silent_kernel = {name: v for name, v in VARIANTS.items() if name == "V3k"}
    assert ("09", "ASan / KASAN") in differing(instrument_table(quiet, silent_kernel))
    noisy = changed_runs(lambda r: dataclasses.replace(r, reports=(("asan", "x", ""), ("ubsan", "x", "")), lsan=1))
    alarms = [c for c in instrument_table(noisy).cells if c.verdict == "false alarm"]
    assert {c.instrument for c in alarms} == {"ASan / KASAN", "UBSan", "LSan / kmemleak"}


def test_a_wrong_answer_of_the_c_is_an_odd_answer() -> None:
    def lost(r: Played) -> Played:
        return dataclasses.replace(r, results=tuple((op, "EIO" if x.startswith("E") else x) for op, x in r.results))

    assert ("09", "failure injection") in differing(instrument_table(changed_runs(lost)))


def test_the_kernel_fills_its_cells() -> None:
    v1k, v3k = VARIANTS["V1k"], VARIANTS["V3k"]
    plain = dict.fromkeys(v1k.no_kasan, v1k.no_kasan["plain"])
    assert differing(instrument_table(RUNS, changed_kernel("V1k", no_kasan=plain))) == {
        ("09", "init_on_free + kmemleak"),
        ("09", "slub_debug=FPZU"),
    }
    tidy = dataclasses.replace(v3k.kmemleak, after_sweep=0)
    assert differing(instrument_table(RUNS, changed_kernel("V3k", kmemleak=tidy))) == {
        ("without +52", "LSan / kmemleak")
    }
    assert all(c.verdict == "not run" for c in _row(instrument_table(RUNS, {}), "without +52") if _tool(c))
    w29 = VARIANTS["W29"].create_plane
    assert w29
    boots = {options: {**boot, "slub_object_already_free": 0} for options, boot in w29.without_kasan.items()}
    quiet = dataclasses.replace(w29, without_kasan=MappingProxyType(boots))
    assert differing(instrument_table(RUNS, changed_kernel("W29", create_plane=quiet))) == {("29", "slub_debug=FPZU")}


def _row(table: InstrumentTable, name: str) -> list[Cell]:
    return [cell for cell in table.cells if cell.case.name == name]


def _tool(cell: Cell) -> bool:
    return cell.instrument != "reading"


# -- reading ----------------------------------------------------------------------------------------------------------


def test_reading_stops_at_the_defects_and_nowhere_else() -> None:
    found = {name: [question for question, _, _ in objections(version)] for name, version in ALL.items()}
    with_defect = {name for name, version in ALL.items() if not kp.certify(version).clean}
    assert {name for name, questions in found.items() if questions} == with_defect
    assert all(len(questions) == 1 for questions in found.values() if questions)
    asked = {question for each in CASES for question, _, _ in objections(each.version)}
    assert asked == set(ASKED), "each question finds one of the cases"


def test_reading_sees_an_edit() -> None:
    late = ALL["11"].edit(
        "late",
        "a use after the free",
        ("kvm_destroy_vm", "kvm_arch_free_vm(kvm);", "kvm_arch_free_vm(kvm);  // freed\nmm = kvm->mm;"),
    )
    assert [(function, line) for _, function, line in objections(late)] == [("kvm_destroy_vm", "mm = kvm->mm;")]


# -- the stored reports -----------------------------------------------------------------------------------------------


def gist(report: str) -> list[str]:
    """What a report says on any compiler: its kind, and the functions of the C, without line numbers."""
    names = re.findall(r" in (kvm_\w+) virt/kvm/", report)
    kind = re.search(r"(AddressSanitizer: [\w-]+|LeakSanitizer: [\w ]+|index \d+ out of bounds)", report)
    assert kind, report
    return [kind[1], *names]


def test_reports_are_stored_for_exactly_what_was_counted() -> None:
    for each in CASES:
        if each.c:
            result = each.result_in(RUNS).result
            want = {row[0] for row in result.reports} | ({"lsan"} if result.lsan else set())
            assert set(sanitizer_reports()[each.name]) == want


def test_stored_reports_hold_nothing_of_this_machine() -> None:
    for report in (text for kinds in sanitizer_reports().values() for text in kinds.values()):
        assert not re.search(r"0x[0-9a-f]+|==\d+==|/home|/tmp|/usr|BuildId", report)


def test_a_fresh_run_gives_the_stored_reports(compiler: None) -> None:  # noqa: ARG001 - asked for first
    now = fresh_reports()
    assert {name: {k: gist(t) for k, t in kinds.items()} for name, kinds in now.items()} == {
        name: {k: gist(t) for k, t in kinds.items()} for name, kinds in sanitizer_reports().items()
    }


def test_a_fresh_run_fills_the_table_alike(compiler: None) -> None:  # noqa: ARG001 - asked for first
    assert instrument_table(fresh([each.c for each in CASES if each.c])) == TABLE


def test_an_ordinary_build_shows_nothing_of_09(driver: Callable[..., Driver]) -> None:
    """The plain run of the C, without a sanitizer: it answers as the stored runs do, and its task lives."""
    plain = case("09").result_in(RUNS).scenario
    result = driver("09", "none").run(plain)
    assert result.results == case("09").result_in(RUNS).result.results
    assert not result.reports
    assert not [row for row in result.events if row[0] == "oops"]
    poisoned = driver("09", "none").run(Scenario(plain.ops, freed="poisoned"))
    assert [row for row in poisoned.events if row[0] == "oops"]
