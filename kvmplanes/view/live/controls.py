# SPDX-License-Identifier: GPL-2.0-only
"""What every live picker is made of: lists, views, quiet keys, and what its notebook shows until the cell is run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, ClassVar

import anywidget
import ipywidgets as w

from kvmplanes.view.live.closing import of_this_cell
from kvmplanes.view.page.html import Html, escape


class Keys(anywidget.AnyWidget):
    """Keeps JupyterLab's shortcuts from the lists beside it that have the focus: their arrow keys choose.

    When the kernel is restarted it says that nothing here answers any more. Its style is also that of its neighbours.
    """

    _esm = (files("kvmplanes.view.live") / "keys.js").read_text(encoding="utf-8")
    _css = (files("kvmplanes.view.live") / "keys.css").read_text(encoding="utf-8")


class SavedFrame(w.VBox):  # type: ignore[misc]
    """Controls and views, and beside the live widget what a saved notebook shows of them.

    Attributes:
        HOW: what running the cell gives, in a sentence or two.
        CHOICES: the name of its `kvmplanes.view.live.offline.Choices`; "" where a page without a kernel has none.
    """

    HOW: ClassVar[str]
    CHOICES: ClassVar[str] = ""

    def __init__(self, parts: Sequence[w.Widget]) -> None:
        keys = Keys()
        keys.add_class("kp-keys")
        super().__init__([*parts, keys])
        self.add_class("kp-picker")
        of_this_cell(self)

    @property
    def key(self) -> str:
        """What is chosen now, as a key of its `Choices`; "" where there is none."""
        return ""

    def still(self) -> Html:
        """What is shown now, without the controls."""
        raise NotImplementedError

    def saved(self) -> Html:
        """What stands in a notebook that was saved and not yet run."""
        still = self.still()
        html = f"<p><em>{self.HOW}</em></p>{still.html}"
        if self.CHOICES:
            html = f'<div data-kvmplanes-choices="{self.CHOICES}" data-key="{escape(self.key)}">{html}</div>'
        return Html(html, f"{self.HOW}\n{still.text}")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        saved = self.saved()
        return {**super()._repr_mimebundle_(**kwargs), "text/html": saved.html, "text/plain": saved.text}


def choice(description: str, options: Sequence[Any], value: object = None, *, label: str, width: str) -> Any:
    """A list to choose from.

    Args:
        description: its label.
        options: values, or pairs of a text and a value.
        value: the one that is chosen; None for the first.
        label: the label's width, as in CSS.
        width: the width with the label, as in CSS; on a narrow page it is less.
    """
    chosen = {} if value is None else {"value": value}
    look = {"width": width, "max_width": "calc(100% - 4px)"}  # beside its margins
    style = {"description_width": label}
    return w.Dropdown(description=description, options=options, style=style, layout=look, **chosen)


def explained(control: Any, words: str, *, label: str = "") -> w.VBox:
    """A control above what it does, in a few words.

    Args:
        control: with its label.
        words: what it does.
        label: the label's width, as in CSS, and so where the words begin; "" for a label as wide as it is.
    """
    control.tooltip, control.style.description_width = words, label or "initial"
    control.layout.width = "auto"  # all the room that there is
    why = w.HTML(escape(words), layout={"margin": "0 2px 2px 8px", "padding": f"0 0 0 {label or 0}"})
    why.add_class("kp-why")
    return w.VBox([control, why])


def within(html: str) -> str:
    """Content that takes its widget's width and never widens it; what is wider scrolls."""
    return f'<div style="contain:inline-size;line-height:1.4">{html}</div>'


def failure_key(version: str, planes: tuple[int, ...] = (), nth: int = 0, errno: str = "") -> str:
    """The key of a run: version, planes, number of the failing call and, where it is not the call's usual one, errno.

    >>> failure_key("29", (1, 3), 15, "EINTR")
    '29-p1.3-n15-EINTR'
    """
    parts = (version, planes and f"p{'.'.join(map(str, planes))}", nth and f"n{nth}", errno)
    return "-".join(str(part) for part in parts if part)
