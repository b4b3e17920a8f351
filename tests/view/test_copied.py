# SPDX-License-Identifier: GPL-2.0-only
"""A text to be taken along: the same in a page and in a terminal."""

import pytest

from kvmplanes.view import copied


def test_it_is_the_text_and_a_place_for_the_button() -> None:
    shown = copied("a < b\n  &c\n")
    assert shown.text == "a < b\n  &c"
    assert "<pre tabindex='0'>a &lt; b\n  &amp;c</pre>" in shown.html
    assert shown.html.count("data-kvmplanes-copied>") == 1
    with pytest.raises(TypeError, match="text must be a text"):
        copied(3)  # type: ignore[arg-type]
