# SPDX-License-Identifier: GPL-2.0-only
"""From what speaks of a step to that step: marks in a view, and below the view a player of the runs that it is about.

A mark is an attribute, and nothing to be seen or pressed: jump.js makes a button of it, and the fold with the player.
So a view reads as it always did where no script may run: in an untrusted notebook, on a code host, on paper.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kvmplanes.runs.certificate import classify, findings
from kvmplanes.runs.shown import Bundle, bundle
from kvmplanes.runs.trace import Trace
from kvmplanes.view.live.player import PLAYER_SCRIPT, player_data
from kvmplanes.view.page.html import Html, badge, css, escape
from kvmplanes.view.page.script import quoted, script_element
from kvmplanes.view.page.style import outcome_role

# What the runs of one output share, beside the parts of pictures: a list holds each thing once, a run says where.
_SHARED: Final = ("functions", "stacks", "steps")


@dataclass(frozen=True, slots=True, repr=False)
class Leading(Html):
    """A view with marks. In a view around it, which takes its `html`, they lead nowhere, as there is no player.

    Attributes:
        runs: the runs that its marks name, by their place; all have steps.
    """

    runs: tuple[Trace, ...]


@bundle.register
def _bundle(view: Leading) -> Bundle:
    return {"text/html": with_player(view.html, view.runs), "text/plain": view.text}


@bundle.register
def _trace(trace: Trace) -> Bundle:
    """The verdict on a run, which leads to its first defect."""
    outcome = classify(trace)
    wrong = escape(findings(trace)) or "nothing is wrong"
    told = mark(trace.defects[0].step, wrong) if trace.defects else wrong
    words = f"version {trace.version}: {trace.scenario}. {len(trace.steps)} steps; "
    html = f"<div{css(margin='4px 0')}>{badge(outcome_role(outcome), outcome)} {escape(words)}{told}.</div>"
    return bundle(Leading(html, repr(trace), (trace,) if trace.steps else ()))


def mark(step: int, shown: str, run: int = 0, title: str = "") -> str:
    """HTML that leads to a step.

    Args:
        step: its number in the run.
        shown: what stands there, as HTML that a button may hold.
        run: the place of the run in `Leading.runs`.
        title: what a reader who points at it is told; "" for the number of the step.
    """
    of_run = f' data-kvmplanes-run="{run}"' if run else ""
    told = f' title="{escape(title)}"' if title else ""
    return f'<span data-kvmplanes-step="{step}"{of_run}{told}>{shown}</span>'


def steps_marked(line: str, run: int = 0) -> str:
    """A line as HTML, in which "step 44" leads to step 44 of a run."""
    return re.sub(r"\bstep (\d+)", lambda said: mark(int(said[1]), said[0], run), escape(line))


def with_player(html: str, runs: Sequence[Trace]) -> str:
    """A view with the runs that its marks lead to, and the script; without runs the view alone."""
    if not runs:
        return html
    script = script_element("kvmplanes.view.live", "jump", also=PLAYER_SCRIPT)
    return f'<div data-kvmplanes-runs="{compressed(runs)}" data-lm-suppress-shortcuts="true">{html}{script}</div>'


def compressed(runs: Sequence[Trace]) -> str:
    """What the player needs of each run, compressed, as text for an attribute.

    As it is for one player, the 18 runs of `certify("09")` take 800 kB, and the 32 of "29" 2 MB; compressed one by one
    they take 200 and 470 kB. Paths of one version are alike up to the call that fails: with what they share stored
    once, and then compressed, it is 40 and 75 kB, which a notebook of 500 kB can hold.
    """
    shared: dict[str, dict[str, int]] = {name: {} for name in (*_SHARED, "parts")}

    def places(name: str, things: Sequence[Any]) -> list[int]:
        known = shared[name]
        return [known.setdefault(quoted(thing), len(known)) for thing in things]

    told = []
    for trace in runs:
        data = player_data(trace)
        del data["id"]  # an address leads to a player that is there from the beginning, not to these
        parts = places("parts", data.pop("parts"))
        for step in data["steps"]:
            step["changes"] = [[at, gone, *(parts[part] for part in new)] for at, gone, *new in step.get("changes", ())]
        for name in _SHARED:
            data[name] = places(name, data[name])
        told.append(data)
    lists = ",".join(f'"{name}":[{",".join(known)}]' for name, known in shared.items())
    text = f'{{"runs":{quoted(told)},{lists}}}'
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
