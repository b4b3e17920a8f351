# SPDX-License-Identifier: GPL-2.0-only
"""What makes an output alive: a script with its style and its shell, small enough for outputs that repeat it.

Beside a script NAME.js lie its style NAME.css, for some its shell NAME.html, and what `make scripts` makes of the
first two with esbuild: NAME.min.js, with all that NAME.js imports, and NAME.min.css. As they are written, the scripts
would take notebook 06 beyond the 500 kB that a notebook may have.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def page_script(package: str, name: str, palette: str = "") -> str:
    """JavaScript that makes alive what waits for it in the page.

    Args:
        package: the package that the script lies in.
        name: its file's name, without suffix.
        palette: CSS rules with the colours that its style names.
    """
    return f"(() => {{\n{_bundle(package, name)}kvmplanes.start({_looks(package, name, palette)});\n}})();"


@cache
def widget_script(package: str, name: str, palette: str = "") -> str:
    """The same as a module for `anywidget`; arguments as for `page_script`."""
    looks = _looks(package, name, palette)
    return f"{_bundle(package, name)}export default {{ render: (context) => kvmplanes.render(context, {looks}) }};\n"


def quoted(data: object) -> str:
    """JSON that can stand inside a <script>."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!--", "\\u003c!--")


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
