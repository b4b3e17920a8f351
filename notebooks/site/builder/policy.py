# SPDX-License-Identifier: GPL-2.0-only
"""A strict Content-Security-Policy for every page: scripts are files of the site, and what writes HTML is named.

A notebook brings the scripts of its outputs with it, each output its own. On the site they become files, one for each
text, which a page asks for once: a browser keeps them, and the pages are lighter. What the theme writes into a page
stays, and the policy names its hash.
"""

import base64
import hashlib
import re
from pathlib import Path

from notebooks.site.live.cells import file_of

# A script in a page, as browsers read it; one with a type such as application/json is data.
_INLINE = re.compile(r'<script(?: data-[\w-]+="[^"]*")?>(?P<text>.*?)</script>', re.DOTALL)
_HEAD = re.compile(r"<head>\s*")
_OURS = "<!--\n(() => {\nvar kvmplanes="  # how `script_element` begins
RULES = (
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval' {hashes}",  # WebAssembly is the page's Python
    "style-src 'self' 'unsafe-inline'",  # outputs of notebooks say how they look in style=
    "img-src 'self' data:",  # a first frame is a picture in the page
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types default",
)


def write(site: Path) -> None:
    """Give each page of the built site its policy, and each script of a notebook's output a file.

    JupyterLite and the slides are programs of others, which write scripts into their pages; they stay as they are.
    """
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(strict(text, site), encoding="utf-8")


def strict(page: str, site: Path) -> str:
    """A page with its policy; the scripts of its outputs are written into the site."""
    hashes, names = dict[str, None](), set[str]()

    def placed(script: re.Match[str]) -> str:
        text = script["text"]
        if not text.startswith(_OURS):
            digest = hashlib.sha256(text.encode()).digest()
            hashes[f"'sha256-{base64.b64encode(digest).decode()}'"] = None
            return script[0]
        name = file_of(text)  # a cell that is run in the page asks for it by this name as well
        if name in names:
            return ""
        names.add(name)
        target = site / "_static" / "outputs" / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(f"// SPDX-License-Identifier: GPL-2.0-only\n{text}\n", encoding="utf-8")
        return f'<script defer src="_static/outputs/{name}"></script>'

    page = _INLINE.sub(placed, page)
    rules = "; ".join(RULES).format(hashes=" ".join(hashes))
    first = (
        f'<meta http-equiv="Content-Security-Policy" content="{rules}">\n<script src="_static/trusted.js"></script>\n'
    )
    return _HEAD.sub(lambda head: head[0] + first, page, count=1)
