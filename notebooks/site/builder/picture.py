# SPDX-License-Identifier: GPL-2.0-only
"""The picture of README.md: the end of a VM of 09, three moments that follow each other. Run it to store it anew."""

from collections.abc import Iterator
from itertools import accumulate

import kvmplanes as kp
from kvmplanes.view.page import svg
from kvmplanes.view.sketch.frames import drawn_moments, moments, moments_svg
from notebooks.site.builder import layout

TITLE = "The end of a VM in patch 09, in three moments"
STAY, ROUNDS = 4, 4  # seconds that a moment stays; then the last one stays for good


def still() -> str:
    """The picture for readers who want no motion: all three moments, one below the other."""
    return moments_svg(kp.run("09"))


def moving() -> str:
    """The picture as SVG: the lines of C stay, the one that has just run is marked, and memory below is as it left it.

    Its parts are those of `still`. Where nothing moves it shows the last moment.
    """
    found, after = moments(kp.run("09"))
    told = [f"Line {moment.line.lineno}, {moment.line.line} {moment.words}" for moment in found]
    key = svg.key_of("moving", TITLE, told)
    drawn = [*drawn_moments(found, after, key)]
    lines, frames = ([piece for piece in drawn if piece.name == name] for name in ("line", "frame"))
    tops = [*accumulate((line.height for line in lines), initial=28)]
    under = tops[-1] + 6
    body = [svg.text(12, 18, TITLE, "b"), f"<style>{''.join(_motion(len(frames)))}</style>"]
    body += [line.at(top) for line, top in zip(lines, tops[:-1], strict=True)]
    for at, frame in enumerate(frames):
        mark = svg.rect(10, 1, svg.WIDTH - 20, lines[at].height - 4, "l now w", r=2)
        body.append(svg.group(f"moment m{at}", mark, at=(0, tops[at])))
        body.append(svg.group(f"moment m{at}", frame.at(under)))
    height = under + frames[-1].height
    return svg.picture(body, height, key=key, title=TITLE, desc=" ".join(told), defs=svg.hatch(key))


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
