# SPDX-License-Identifier: GPL-2.0-only
"""The failure picker, driven control by control from Python: each choice is one run, and every view shows that run."""

import threading
from typing import Any

import pytest
from traitlets import TraitError

import kvmplanes as kp
from kvmplanes.runs import unwinding
from kvmplanes.view.ladder import ladder_svg
from kvmplanes.view.live.failures import BY_FAILSLAB, BY_NAME, BY_NUMBER, NOTHING, OFFERED, Picker, picker
from kvmplanes.view.live.pictures import NO_REPORT, NOT_FILLED, is_filled, moment
from kvmplanes.view.plots import plot_occupancy
from kvmplanes.view.report import report, summary

CALLS = kp.run("09").calls
CHANCE = kp.Failslab(probability=35, interval=2, times=3, seed=11)


def same_run(shown: Picker, run: kp.Trace) -> bool:
    return shown.trace.steps == run.steps and shown.trace.results == run.results and shown.trace.calls == run.calls


def views(shown: Picker) -> tuple[str, ...]:
    return tuple(view.value for view in (shown.verdict, shown.ladder, shown.heap, shown.occupancy, shown.report))


def visible(shown: Picker) -> list[str]:
    fields = [field for box in shown.children[1:3] for field in box.children if field.layout.display != "none"]
    return [control.description for control in (*shown.children[0].children, *(field.children[0] for field in fields))]


def assert_views_show_the_run(shown: Picker) -> None:
    trace = shown.trace
    shown.slots.value = shown.reports.value = True
    verdict, ladder, heap, occupancy, told = views(shown)
    assert summary(trace).html in verdict
    assert ladder_svg(unwinding.ladder(trace)) in ladder
    assert f"The heap after step {moment(trace)} of {len(trace.steps) - 1}." in heap
    assert (plot_occupancy(trace).painted("svg").html if is_filled(trace) else NOT_FILLED) in occupancy
    assert (report(trace).html if trace.defects else NO_REPORT) in told


# -- a first choice ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "choice"),
    [
        ("09", {}),
        ("rfc", {}),
        ("09", {"fail": "kvm_create_plane"}),
        ("09", {"fail": "kvm_arch_init_vm: EINVAL"}),
        ("09", {"fail": 5}),
        ("11", {"fail": CHANCE}),
        ("29", {"planes": (1, 3)}),
        ("29", {"planes": (1, 3), "fail": "anon_inode_getfile(plane 3): ENFILE"}),
        ("29-fixed", {"planes": (15,), "fail": 20}),
    ],
    ids=str,
)
def test_a_first_choice_is_what_run_would_give(version: str, choice: dict[str, Any]) -> None:
    shown = picker(version, **choice)
    assert same_run(shown, kp.run(version, **choice))
    assert shown.fail == choice.get("fail") or shown.fail == shown.trace.failed[0][0]
    assert shown.ids == choice.get("planes", ())
    assert_views_show_the_run(shown)


def test_choose_sets_every_control_and_can_be_called_again() -> None:
    shown = picker("29", planes=(1, 3), fail=CHANCE)
    assert (shown.version.value, shown.planes.value, shown.by.value) == ("29", "1, 3", BY_FAILSLAB)
    assert [c.value for c in (shown.probability, shown.interval, shown.times, shown.seed)] == [35, 2, 3, 11]
    shown.choose("09", fail=3)
    assert (shown.version.value, shown.planes.value, shown.by.value, shown.nth.value) == ("09", "", BY_NUMBER, 3)
    shown.choose(fail="kvm_init_mmu_notifier: EINTR")
    assert (shown.by.value, shown.call.value) == (BY_NAME, "kvm_init_mmu_notifier: EINTR")
    shown.choose()
    assert shown.by.value == NOTHING
    assert same_run(shown, kp.run("09"))


@pytest.mark.parametrize(
    "choice",
    [
        {"version": "12"},
        {"version": "09", "planes": (1,)},
        {"version": "29", "planes": (16,)},
        {"version": "29", "planes": (1, 1)},
        {"version": "09", "fail": "kvm_create_planes"},
        {"version": "09", "fail": 18},
        {"version": "09", "fail": "anon_inode_getfile(plane 1)"},
    ],
    ids=str,
)
def test_a_bad_choice_is_an_error_and_changes_nothing(choice: dict[str, Any]) -> None:
    shown = picker("29", planes=(2,), fail=4)
    before = views(shown), visible(shown), shown.planes.value, shown.nth.value
    with pytest.raises(ValueError, match=r"versions are|allowed|with it are|calls are|reaches"):
        shown.choose(**choice)
    assert (views(shown), visible(shown), shown.planes.value, shown.nth.value) == before


# -- control by control --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFERED)
def test_version(name: str) -> None:
    shown = picker("08")
    shown.version.value = name
    assert same_run(shown, kp.run(name))
    assert_views_show_the_run(shown)
    assert ("Planes" in visible(shown)) == name.startswith("29")


def test_every_offered_version_has_its_title_and_none_is_judged() -> None:
    labels = {name: label for label, name in picker().version.options}
    assert tuple(labels) == OFFERED
    assert all(label.startswith(f"{name}: ") for name, label in labels.items())


@pytest.mark.parametrize("n", range(1, len(CALLS) + 1))
def test_fail_nth(n: int) -> None:
    shown = picker("09")
    shown.by.value = BY_NUMBER
    shown.nth.value = n
    assert same_run(shown, kp.run("09", fail=n))
    assert_views_show_the_run(shown)


def test_fail_nth_stays_within_what_the_version_reaches() -> None:
    shown = picker("29", planes=(1, 3), fail=23)
    assert shown.nth.description == "N, from 1 to 23"
    shown.version.value = "08"
    assert (shown.nth.value, shown.nth.max, shown.nth.description) == (16, 16, "N, from 1 to 16")
    assert same_run(shown, kp.run("08", fail=16))


@pytest.mark.parametrize("call", CALLS)
def test_a_call_by_its_name(call: str) -> None:
    shown = picker("09")
    shown.by.value = BY_NAME
    shown.call.value = call
    assert same_run(shown, kp.run("09", fail=call))
    assert_views_show_the_run(shown)


def test_every_errno_of_a_call_can_be_chosen() -> None:
    shown = picker("09", fail="kvm_create_plane")
    assert set(CALLS) < set(shown.call.options)
    for choice in set(shown.call.options) - set(CALLS):
        shown.call.value = choice
        assert f"{shown.trace.failed[0][0]}: {shown.trace.errno}" == choice


def test_the_chosen_call_is_kept_where_the_version_has_it() -> None:
    shown = picker("09", fail="kvm_create_plane(kvm, 0)")
    shown.version.value = "29-fixed"
    assert shown.call.value == "kvm_create_plane(kvm, 0)"
    shown.version.value = "08"
    assert shown.call.value == shown.call.options[0] == "get_unused_fd_flags"
    assert same_run(shown, kp.run("08", fail=1))


def test_29_as_posted_is_offered_to_who_names_it_alone() -> None:
    """Its defect is for notebook 08 to ask: no list of an earlier page leads to it."""
    shown = picker("09")
    names = [name for _, name in shown.version.options]
    assert names == [name for name in kp.VERSIONS if name != "29"]
    with pytest.raises(TraitError):
        shown.version.value = "29"
    shown.choose("29", planes=(1,))
    assert [name for _, name in shown.version.options] == list(kp.VERSIONS)
    shown.choose("29-fixed")
    assert [name for _, name in shown.version.options] == names


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("probability", "interval", "times"), [(5, 1, -1), (40, 2, 1), (100, 1, 2)])
def test_failslab(probability: int, interval: int, times: int, seed: int) -> None:
    shown = picker("09")
    shown.by.value = BY_FAILSLAB
    shown.probability.value, shown.interval.value, shown.times.value = probability, interval, times
    shown.seed.value = seed
    assert same_run(shown, kp.run("09", fail=kp.Failslab(probability, interval, times, seed)))
    assert_views_show_the_run(shown)


@pytest.mark.parametrize(
    ("control", "low", "high"), [("probability", 0, 100), ("interval", 1, 99), ("times", -1, 99), ("seed", 0, 9999)]
)
def test_failslab_s_numbers_stay_in_range(control: str, low: int, high: int) -> None:
    shown = picker(fail=CHANCE)
    number = getattr(shown, control)
    for typed, kept in ((low - 5, low), (high + 5, high)):
        number.value = typed
        assert number.value == kept
        assert_views_show_the_run(shown)


@pytest.mark.parametrize(
    ("typed", "ids"), [("", ()), ("1", (1,)), ("1, 3", (1, 3)), (" 15 2,7 ", (15, 2, 7)), ("3,", (3,))]
)
def test_planes(typed: str, ids: tuple[int, ...]) -> None:
    shown = picker("29")
    shown.planes.value = typed
    assert same_run(shown, kp.run("29", planes=ids))
    assert set(shown.trace.calls) <= set(shown.call.options)
    assert_views_show_the_run(shown)


@pytest.mark.parametrize("typed", ["0", "16", "1, 1", "one", "1;3", "-1", "1.5", "9" * 30])
def test_planes_that_cannot_be_made_leave_the_last_run_in_place(typed: str) -> None:
    shown = picker("29", planes=(1,))
    before = views(shown)[1:]
    shown.planes.value = typed
    assert "not possible" in shown.verdict.value
    assert "1, 3" in shown.verdict.value or "allowed are ids 1..15" in shown.verdict.value
    assert views(shown)[1:] == before
    pictures = next(part for part in shown.children if shown.heap in getattr(part, "children", ()))
    old = (pictures, shown.occupancy, shown.report)
    assert all("kp-old" in view._dom_classes for view in old)
    assert "The pictures are of the choice before." in shown.verdict.value
    shown.by.value = BY_FAILSLAB  # another control cannot help, but it is shown
    assert "not possible" in shown.verdict.value
    assert "Seed" in visible(shown)
    shown.planes.value = "1, 2"
    assert not any("kp-old" in view._dom_classes for view in old)
    assert same_run(shown, kp.run("29", planes=(1, 2), fail=shown.fail))
    assert_views_show_the_run(shown)


def test_what_is_typed_appears_as_words() -> None:
    shown = picker("29")
    shown.planes.value = "<b>"
    assert "&lt;b&gt;" in shown.verdict.value
    assert "<b>&lt;" not in shown.verdict.value


def test_a_version_without_the_ioctl_does_not_mind_the_planes() -> None:
    shown = picker("29", planes=(1,))
    shown.planes.value = "none"
    shown.version.value = "11"
    assert same_run(shown, kp.run("11"))
    assert_views_show_the_run(shown)


def test_only_the_controls_that_matter_are_shown() -> None:
    shown = picker("09")
    told = ["Version", "What fails"]
    assert visible(shown) == told
    for by, more in (
        (BY_NAME, ["Failing call"]),
        (BY_NUMBER, ["N, from 1 to 17"]),
        (BY_FAILSLAB, ["Probability, %", "Interval", "Times", "Seed"]),
        (NOTHING, []),
    ):
        shown.by.value = by
        assert visible(shown) == [*told, *more]
    shown.version.value = "29-fixed"
    assert visible(shown) == ["Version", "What fails", "Planes"]


# -- two changes at once -------------------------------------------------------------------------------------


def test_two_threads_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab gives widgets a thread of their own: the second change must not be lost while the first one draws."""
    shown = picker("29")
    drawing, other = threading.Event(), threading.Event()

    def slow(*args: Any, **options: Any) -> kp.Trace:
        drawing.set()
        other.wait(0.3)  # the other thread comes now, and must wait
        return kp.run(*args, **options)

    monkeypatch.setattr("kvmplanes.view.live.failures.run", slow)
    first = threading.Thread(target=setattr, args=(shown.planes, "value", "1, 3"))
    first.start()
    assert drawing.wait(10)
    shown.by.value = BY_FAILSLAB
    other.set()
    first.join(10)
    assert not first.is_alive()
    assert "Seed" in visible(shown)
    assert same_run(shown, kp.run("29", planes=(1, 3), fail=shown.fail))
    assert_views_show_the_run(shown)


def test_no_view_can_widen_the_page() -> None:
    shown = picker("09")
    shown.slots.value = shown.reports.value = True
    for value in views(shown):
        assert value.startswith('<div style="contain:inline-size')
