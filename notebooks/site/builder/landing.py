# SPDX-License-Identifier: GPL-2.0-only
"""What the landing page says that is computed: the run at its worst moment, minutes and routes of the notebooks."""

import re
from dataclasses import dataclass
from html import escape

import kvmplanes as kp
from kvmplanes.learn.progress.pages import overview
from kvmplanes.view import player
from notebooks.site.builder import layout

PRACTICE = "09"  # not part of the course: it comes afterwards


@dataclass(frozen=True, slots=True)
class Chapter:
    """What a notebook's title cell says.

    Attributes:
        name: of its file, without suffix.
        title: its heading, "05 · Teardown".
        minutes: how long it takes.
        entry: the anchor of the first section of the short route; "" where the route skips it.
    """

    name: str
    title: str
    minutes: int
    entry: str


def chapter(name: str) -> Chapter:
    """Read the title cell of a notebook.

    Raises:
        ValueError: it states no minutes.
    """
    notebook = layout.read(name)
    source = notebook.cells[0].source
    minutes = re.search(r"^About (\d+) minutes\.", source, re.MULTILINE)
    if minutes is None:
        raise ValueError(f"{name} does not say how many minutes it takes")
    route = re.search(r"^\*\*The 90-minute route:\*\* \[.+?\]\(#([^)]+)\)[,.]", source, re.MULTILINE)
    return Chapter(name, layout.title(notebook), int(minutes[1]), route[1] if route else "")


def values() -> dict[str, str]:
    """What the page has in its text."""
    chapters = [chapter(name) for name in layout.numbered()]
    course = [each for each in chapters if not each.name.startswith(PRACTICE)]
    moment = player(kp.run("09"), start="defect", only="planes", title="Patch 09: a VM is created and closed")
    practice = sum(each.minutes for each in chapters) - sum(each.minutes for each in course)
    return {
        "player": moment.html,
        "overview": overview(".html").html,
        "course": "\n".join(f"<li>{_link(each)} <small>{each.minutes} min</small></li>" for each in course),
        "course_minutes": str(sum(each.minutes for each in course)),
        "course_hours": str(-(-sum(each.minutes for each in course) // 60)),
        "route": "\n".join(f"<li>{_link(each, each.entry)}</li>" for each in course if each.entry),
        "practice_minutes": str(practice),
        **{f"minutes_{each.name[:2]}": str(each.minutes) for each in chapters},
    }


def _link(to: Chapter, anchor: str = "") -> str:
    return f'<a href="{to.name}.html{f"#{escape(anchor)}" if anchor else ""}">{escape(to.title)}</a>'
