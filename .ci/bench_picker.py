# SPDX-License-Identifier: GPL-2.0-only
"""Time the failure picker in JupyterLab, from a change to the last picture, beside `interact` with matplotlib.

Both draw the same ladder and heap of the same runs, in the same notebook and browser. Each line gives the 50th and the
95th percentile of 40 changes, in milliseconds; the last line is the picker's share of the other.
"""

import itertools
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser.conftest import CHROMIUM
from tests.browser.web import TOKEN, jupyterlab, store

CHANGES = 40
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


def main() -> None:
    """Start JupyterLab, measure both, and print the three lines."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        command = [sys.executable, "-m", "kvmplanes", "lab", f"{folder}/copies"]
        with jupyterlab(Path(folder), command) as lab:
            store(lab, "bench.ipynb", True, *map(nbformat.v4.new_code_cell, (PICKER, PEER)))
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", "--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(f"{lab}/lab/tree/bench.ipynb?reset&token={TOKEN}")
            page.wait_for_function(
                "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
                timeout=120_000,
            )
            page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
            print(f"{'failure picker, one change':<34}{'p50/ms':>9}{'p95/ms':>9}")
            found = {name: measure(page, label) for name, label in (("picker", "Failing call"), ("interact", "Peer"))}
    shares = []
    for name, taken in found.items():
        middle, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        shares.append((middle, late))
        print(f"{name:<34}{middle:9.0f}{late:9.0f}")
    print(f"{'share':<34}{shares[0][0] / shares[1][0]:9.2f}{shares[0][1] / shares[1][1]:9.2f}")


if __name__ == "__main__":
    main()
