# SPDX-License-Identifier: GPL-2.0-only
"""The picture of README.md: the end of a VM of 09, three moments that follow each other. Run it to store it anew."""

import re
from collections.abc import Iterator

import kvmplanes as kp
from kvmplanes.view import moment_picture
from kvmplanes.view.page import svg
from kvmplanes.view.sketch.frames import moments
from notebooks.site.builder import layout

TITLE = "The end of a VM in patch 09, in three moments"
STAY, ROUNDS = 4, 4  # seconds that a moment stays; then the last one stays for good
_LINE = 26  # height of a line of C


def still() -> str:
    """The picture for readers who want no motion: all three moments, one below the other."""
    return moment_picture(kp.run("09")).html


def moving() -> str:
    """The picture as SVG: the lines of C stay, the one that has just run is marked, and memory below is as it left it.

    Its parts are those of `still`. Where nothing moves it shows the last moment.
    """
    trace = kp.run("09")
    shown = moment_picture(trace).html
    found, _ = moments(trace)
    lines, frames = (_parts(shown, name) for name in ("line", "frame"))
    told = [f"Line {moment.line.lineno}, {moment.line.line} {moment.words}" for moment in found]
    key = svg.key_of("moving", TITLE, told)
    hatch = re.findall(r'<pattern id="(k[0-9a-f]{8})-hatch"', shown)[0]
    top, under = 28.0, 28.0 + _LINE * len(lines) + 6
    body = [svg.text(12, 18, TITLE, "b"), f"<style>{''.join(_motion(len(frames)))}</style>"]
    for at, line in enumerate(lines):
        body.append(_moved(line, top + _LINE * at))
    for at, frame in enumerate(frames):
        mark = svg.rect(10, 1, svg.WIDTH - 20, _LINE - 4, "l now w", r=2)
        marked = svg.group(f"moment m{at}", mark, at=(0, top + _LINE * at))
        body += [marked, svg.group(f"moment m{at}", _moved(frame.replace(hatch, key), under))]
    height = under + 126
    return svg.picture(body, height, key=key, title=TITLE, desc=" ".join(told), defs=svg.hatch(key))


def _parts(shown: str, name: str) -> list[str]:
    """The groups of that name in a picture, which no other group of that name is in."""
    found = []
    for start in re.finditer(rf'<g class="{name}"', shown):
        depth = 0
        for tag in re.compile(r"<(/?)g\b").finditer(shown, start.start()):
            depth += -1 if tag[1] else 1
            if not depth:
                found.append(shown[start.start() : tag.end() + 1])
                break
    return found


def _moved(group: str, y: float) -> str:
    """A group at another height."""
    return re.sub(r'transform="translate\(0 [\d.]+\)"', f'transform="translate(0 {svg.n(y)})"', group, count=1)


def _motion(count: int) -> Iterator[str]:
    """The rules that show one moment after the other."""
    yield f".kp .moment{{visibility:hidden}}.kp .m{count - 1}{{visibility:visible}}"
    for at in range(count):
        turns = {0: "hidden", at: "visible", at + 1: "hidden"}
        steps = [f"{100 * turn / count:.4g}%{{visibility:{to}}}" for turn, to in turns.items() if turn < count]
        yield f"@keyframes m{at}{{{''.join(steps)}}}"
    yield "@media(prefers-reduced-motion:no-preference){"
    for at in range(count):
        yield f".kp .m{at}{{animation:m{at} {STAY * count}s step-end {ROUNDS}}}"
    yield "}"


# Browsers tell an image less of their reader than a page; so it is the page that chooses between the two.
PICTURES = {
    layout.PAGES / "static" / "three-moments.svg": moving,
    layout.PAGES / "static" / "three-moments-still.svg": still,
}


if __name__ == "__main__":
    for path, drawn in PICTURES.items():
        path.write_text(drawn() + "\n", encoding="utf-8")
