# SPDX-License-Identifier: GPL-2.0-only
"""Time what a reader waits for in a browser, each beside its peer: milliseconds of the clock, 50th and 95th percentile.

The failure picker beside `interact` with matplotlib, which draws the same ladder and heap of the same runs in the same
notebook; a player's steps; and Python in a page of the built site beside JupyterLite, each in a browser that has loaded
nothing.
"""

import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
import kvmplanes as kp
from kvmplanes.view import player
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.web import BELOW, SITE, TOKEN, Below, html_page, jupyterlab, served, set_lite, store
from tests.site.test_lite import KERNEL_IS_READY
from tests.site.test_live import LOADED, RIGHT, WRONG, exercise

CHANGES, STARTS = 40, 5
PICKER = 'from kvmplanes.view import picker\np = picker("09", fail="kvm_create_plane")\np'
PEER = """
import re
from xml.etree import ElementTree
import kvmplanes as kp, matplotlib.pyplot as plt
from ipywidgets import interact
from kvmplanes.view.heap import heap_svg
from kvmplanes.view.ladder import ladder_svg

def paint(axes, svg):
    root = ElementTree.fromstring(svg)
    width, height = map(float, root.get("viewBox").split()[2:])
    axes.set(xlim=(0, width), ylim=(height, 0)); axes.axis("off")
    for each in root.iter():
        number = lambda name: float(each.get(name, 0))
        if each.tag.endswith("text"):
            side = {"middle": "center", "end": "right"}.get(each.get("text-anchor"), "left")
            axes.text(number("x"), number("y"), each.text, size=7, ha=side)
        elif each.tag.endswith("rect"):
            axes.add_patch(plt.Rectangle((number("x"), number("y")), number("width"), number("height"), fill=False))
        elif each.tag.endswith("path") and "M" in each.get("d"):
            points = [float(part) for part in re.findall(r"-?[0-9.]+", each.get("d"))]
            axes.plot(points[::2][: len(points) // 2], points[1::2], linewidth=1)

@interact(Peer=list(p.call.options))
def show(Peer):
    trace = kp.run("09", fail=Peer)
    step = next(step for step in trace.steps if step.what == "fail")
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 5), width_ratios=(458, 282))
    paint(left, ladder_svg(kp.ladder(trace))); paint(right, heap_svg(step.state, width=282))
    plt.show()
"""
# Chooses another option, and answers with the milliseconds until the last change in the output before 400 quiet ones.
CHANGE = """(select, at) => new Promise((resolve) => {
    let last = 0, quiet;
    const output = select.closest(".jp-OutputArea-output"), start = performance.now();
    const seen = () => {
        requestAnimationFrame(() => { last = performance.now() - start; });
        clearTimeout(quiet);
        quiet = setTimeout(() => { watch.disconnect(); resolve(last); }, 400);
    };
    const watch = new MutationObserver(seen);
    watch.observe(output, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });
    select.selectedIndex = at;
    select.dispatchEvent(new Event("change", { bubbles: true }));
})"""


def measure(page: Any, label: str) -> list[float]:
    """Return the milliseconds of each change of a list, sorted."""
    select = page.locator(f"select:near(label:text-is('{label}'))").first
    select.wait_for(timeout=60_000)
    numbers = range(select.evaluate("select => select.options.length"))
    page.wait_for_timeout(1000)
    order = itertools.islice(itertools.cycle(numbers[1:] if len(numbers) > 1 else numbers), CHANGES)
    return sorted(select.evaluate(CHANGE, at) for at in order)


# A step of the slider, to the picture laid out, and to the frame after that.
STEP = """async (slider, at) => {
    const start = performance.now();
    slider.value = at;
    slider.dispatchEvent(new Event("input"));
    slider.getBoundingClientRect();
    const laid = performance.now() - start;
    await new Promise(requestAnimationFrame);
    return [laid, performance.now() - start];
}"""


def in_jupyterlab(browser: Any) -> Iterator[list[str]]:
    """The picker beside its peer."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder), [sys.executable, "-m", "kvmplanes", "lab", f"{folder}/copies"]) as lab,
    ):
        store(lab, "bench.ipynb", True, *map(nbformat.v4.new_code_cell, (PICKER, PEER)))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{lab}/lab/tree/bench.ipynb?reset&token={TOKEN}")
        page.wait_for_function(KERNEL_IS_READY, timeout=LOADED)
        page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        own, peer = (measure(page, label) for label in ("Failing call", "Peer"))
        yield row("failure picker, one change", own, peer, "interact with matplotlib")


def on_a_page(browser: Any) -> Iterator[list[str]]:
    """A player's steps, each twice."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content(html_page("A player", player(kp.run("09")).html))
    slider = page.get_by_role("slider")
    last = int(slider.get_attribute("max"))
    taken = [slider.evaluate(STEP, at) for at in [*range(1, last + 1), *range(last, -1, -1)]]
    for name, times in zip(
        ("player, a step laid out", "player, a step to its frame"), zip(*taken, strict=True), strict=True
    ):
        yield row(name, sorted(times))


def clocked(action: Callable[[], object]) -> float:
    """Milliseconds of the clock."""
    start = time.monotonic()
    action()
    return 1000 * (time.monotonic() - start)


def in_the_site(browser: Any) -> Iterator[list[str]]:
    """A first verdict in a page beside JupyterLite's start, and the verdicts that follow."""
    if not (SITE / "lite").is_dir():
        sys.exit("There is no site yet: run make site.")
    first, later, lite = list[float](), list[float](), list[float]()
    with served(SITE, Below) as host:
        for _ in range(STARTS):
            taken = verdicts(browser, f"{host}{BELOW}")
            first.append(next(taken))
            later += taken
            lite.append(start_of_lite(browser, f"{host}{BELOW}"))
    yield row("page of the site, first verdict", sorted(first), sorted(lite), "JupyterLite until its kernel is idle")
    yield row("page of the site, next verdicts", sorted(later))


def verdicts(browser: Any, address: str) -> Iterator[float]:
    """Milliseconds from Check to the verdict, three times, in a browser that has loaded nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/05-teardown.html")
    task, c = exercise(page)
    for answer, verdict in ((WRONG, "Not yet"), (RIGHT, "Right"), (WRONG, "Not yet")):
        task.write(answer, c)
        yield clocked(partial(task.run, verdict, "Check"))
    page.close()


def start_of_lite(browser: Any, address: str) -> float:
    """Milliseconds until JupyterLite's kernel is idle, in a browser that has loaded nothing."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})

    def start() -> None:
        page.goto(f"{address}/lite/lab/index.html?path=05-teardown.ipynb")
        page.wait_for_function(KERNEL_IS_READY, timeout=LOADED, polling=50)

    set_lite(page, f"{address}/lite")
    taken = clocked(start)
    page.close()
    return taken


def percentiles(times: list[float]) -> tuple[float, float]:
    """The 50th and the 95th."""
    return statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]


def row(name: str, own: list[float], peer: list[float] | None = None, beside: str = "") -> list[str]:
    """A line of the table: name, here, the peer, ratio, what the peer is."""
    here, other = percentiles(own), percentiles(peer) if peer else None
    ratio = "{:.2f}, {:.2f}".format(*(mine / its for mine, its in zip(here, other, strict=True))) if other else ""
    return [name, "{:.0f}, {:.0f}".format(*here), "{:.0f}, {:.0f}".format(*other) if other else "", ratio, beside]


def rows() -> Iterator[list[str]]:
    """Every line of the table."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for part in (on_a_page, in_jupyterlab, in_the_site):
            yield from part(browser)
