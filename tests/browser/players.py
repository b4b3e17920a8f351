# SPDX-License-Identifier: GPL-2.0-only
"""Two players, and what a test asks of them."""

from typing import Any

import kvmplanes as kp
from kvmplanes.view.live.player import player
from tests.browser.web import expect

TEARDOWN = player(kp.run("09"))
PLANES = player(
    kp.run("29", planes=(1, 3), fail="anon_inode_getfile(plane 1)", retry=True), start="defect", only="planes"
)
IDS = [view.html.partition('id="')[2].partition('"')[0] for view in (TEARDOWN, PLANES)]


def alive(page: Any, number: int) -> Any:
    """A player's inside, once its script has run."""
    return page.locator(f"#{IDS[number]} .player")


def step(host: Any, number: int, last: int | None = 65, to: int | None = None) -> None:
    """Expect a player to show a step, or a fold up to another, everywhere that it says so.

    `last` is the last step's number; None where the player leaves steps out.
    """
    count = f"step {number}" if to is None else f"steps {number} to {to}"
    count += "" if last is None else f" of {last}"
    expect(host.locator(".count")).to_have_text(count)
    slider = host.get_by_role("slider", name="Step")
    assert (slider.get_attribute("aria-valuetext") or "").startswith(count)
    expect(host.locator("ol [aria-current]")).to_have_text(host.locator(f"li[value='{number}']").text_content())
