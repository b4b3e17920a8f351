# SPDX-License-Identifier: GPL-2.0-only
"""The picture of README.md and of the landing page: the heap at the first defect of 09. Run it to store it anew."""

import kvmplanes as kp
from kvmplanes.view.describe import marks
from kvmplanes.view.heap import heap_svg
from notebooks.site.builder import layout

STORED = layout.PAGES / "static" / "first-defect.svg"


def picture() -> str:
    """The picture as SVG."""
    trace = kp.run("09")
    step = trace.steps[trace.defects[0].step]
    return heap_svg(step.state, changed=marks(step), title="The heap when 09 closes a VM", desc=step.text)


if __name__ == "__main__":
    STORED.write_text(picture() + "\n", encoding="utf-8")
