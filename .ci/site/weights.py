# SPDX-License-Identifier: GPL-2.0-only
"""What a page costs on a first visit, compressed: its own part, and the part that all pages share."""

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

MOST = 300  # kB of a page's own, compressed


@cache
def packed(file: Path) -> int:
    """Bytes of a file, gzipped as a server would; pictures and fonts as they are."""
    data = file.read_bytes()
    return len(data) if file.suffix in (".png", ".woff2", ".jpg") else len(gzip.compress(data, 6, mtime=0))


def needs(page: Path) -> set[Path]:
    """The files that a page loads: scripts, styles, pictures."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r'<(?:script|img|source)\b[^>]*\bsrc="([^"]+)"', text)
    found += re.findall(r'<link\b(?=[^>]*rel="(?:stylesheet|icon|preload|shortcut icon)")[^>]*\bhref="([^"]+)"', text)
    paths = (urlsplit(one) for one in found)
    return {(page.parent / unquote(one.path)).resolve() for one in paths if not one.scheme and one.path}


def report(site: Path) -> list[str]:
    """Print the table; return the pages that weigh more than `MOST` kB of their own."""
    pages = sorted(site.glob("*.html"))
    loads = {page: needs(page) for page in pages}
    chapters = [page for page in pages if page.name[:2].isdigit()]
    shared = set.intersection(*(loads[page] for page in chapters))
    print(f"{'page':28} {'own kB':>8} {'of it HTML':>10}   (compressed; at most {MOST})")
    heavy = []
    for page in pages:
        own = packed(page) + sum(packed(file) for file in loads[page] - shared if file.is_file())
        print(f"{page.stem:28} {own / 1000:8.1f} {packed(page) / 1000:10.1f}")
        if own > MOST * 1000:
            heavy.append(page.stem)
    print(f"{'shared by all pages':28} {sum(packed(file) for file in shared if file.is_file()) / 1000:8.1f}")
    return heavy
