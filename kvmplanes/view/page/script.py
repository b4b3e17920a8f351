# SPDX-License-Identifier: GPL-2.0-only
"""What makes an output alive: a script with its style and its shell, small enough for outputs that repeat it.

Beside a script NAME.js lie its style NAME.css, for some its shell NAME.html, and what `make scripts` makes of the
first two with esbuild: NAME.min.js, with all that NAME.js imports, and NAME.min.css. As they are written, the scripts
would take notebook 06 beyond the 500 kB that a notebook may have.

What stands inside a <script> or a <style> is an HTML comment as well; JavaScript and CSS skip its signs. Some
sanitisers (nbconvert's) drop the tags alone, and then a reader would see the content as text.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Final

# What could end a <script> or the comment in it, or begin another one there.
_MARKUP: Final = re.compile(r"<(?=!--|script)|(?<=--)>|(?<=--!)>", re.IGNORECASE)


@cache
def page_script(package: str, name: str, palette: str = "", *, also: tuple[str, str, str] | None = None) -> str:
    """JavaScript that makes alive what waits for it in the page.

    Args:
        package: the package that the script lies in.
        name: its file's name, without suffix.
        palette: CSS rules with the colours that its style names.
        also: the same three of a script that this one imports, to have its style and shell as well.
    """
    looks = ",".join(_looks(*script) for script in ((package, name, palette), also) if script)
    return f"(() => {{\n{_bundle(package, name)}kvmplanes.start({looks});\n}})();"


@cache
def widget_script(package: str, name: str, palette: str = "") -> str:
    """The same as a module for `anywidget`; arguments as for `page_script`."""
    looks = _looks(package, name, palette)
    return f"{_bundle(package, name)}export default {{ render: (context) => kvmplanes.render(context, {looks}) }};\n"


def script_element(package: str, name: str, palette: str = "", *, also: tuple[str, str, str] | None = None) -> str:
    """What brings that JavaScript into the page; arguments as for `page_script`."""
    return f"<script><!--\n{page_script(package, name, palette, also=also)}\n//--></script>"


def style_element(rules: str) -> str:
    """A style sheet of the page; in an SVG it would be empty, because there a comment stays a comment."""
    return f"<style><!--{rules}--></style>"


def data_element(data: object) -> str:
    """What keeps data in a host for its script, which reads it with `stored` of dom.js."""
    return f'<script type="application/json"><!--{quoted(data)}--></script>'


def quoted(data: object) -> str:
    """JSON that can stand inside a <script>, and inside a comment there."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return _MARKUP.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("</", "<\\/"))


def _bundle(package: str, name: str) -> str:
    """The bundle: `kvmplanes`, an object with the functions `start` and, for a widget, `render`."""
    return _read(package, f"{name}.min.js").partition("\n")[2]  # without the licence, which the package gives


def _looks(package: str, name: str, palette: str) -> str:
    """What `start` and `render` are given: the style and, where there is one, the shell."""
    looks = {"style": palette + _read(package, f"{name}.min.css").partition("\n")[2].strip()}
    if (files(package) / f"{name}.html").is_file():
        looks["shell"] = _read(package, f"{name}.html").rpartition("-->\n")[2]
    return quoted(looks)


def _read(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
