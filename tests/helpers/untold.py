# SPDX-License-Identifier: GPL-2.0-only
"""Whether a text or an output tells what notebook 08 asks: that 29 as posted has a defect, and which."""

import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any, Final

from kvmplanes.model.series import SERIES
from kvmplanes.runs.certificate import OUTCOMES

# 29 as posted, and what it adds: not 29-fixed, not an RFC's patch such as 03/29, not a date, no step or line 29.
_NOT_COUNTED: Final = "steps?|lines?|paths?|calls?|bytes|minutes|words|reports|March|April|May|June"
NAMED: Final = "|".join([
    rf"(?<![\w.:/+-])29(?:/60)?(?![\w/:%-]|[.,]\d| (?:{_NOT_COUNTED}))",
    r"(?<![\w.:/+-])29: ",
    "KVM_CREATE_PLANE",
    "kvm_vm_ioctl_create_plane",
    r"anon_inode_getfile\(plane",
])  # fmt: skip
# Words for what happens: told beside 29's new call, they tell even some sentences away from it.
_STRONG: Final = [
    "double[- ]free|second free",
    "(?:freed|frees|free|destroyed) (?:it |them |a plane |the plane )?(?:twice|again|a second time)|twice freed",
    r"dangl\w+|freed plane",
    "(?:slot|pointer)s? (?:still|keeps?|stays?|remains?|is left|is never)|keeps? (?:its|the|a) (?:slot|pointer)",
]
# Words that tell what is wrong with it, or that something is.
_TELLING: Final = [
    "(?:once|one time) too often|does not do(?: so| it| that)?",
    "forgets?|forgotten",
    "(?:not|never|nobody|no line|no one) (?:clears?|emptie[sd]|empty|emptying)",
    "(?:is|are) not (?:cleared|emptied|undone|unpublished)",
    "EEXIST (?:after|although|afterwards)|retry|asks? again|asked again|asks? for (?:it|the same plane) again",
    "(?:has|have|had|with|carries|shows?) (?:a |one |its |another |the |own )*(?:defect|bug|mistake|problem)s?",
    "(?:is|was|are) (?:wrong|broken|buggy|not right|repaired|fixed)",
    "another (?:defect|bug|mistake)|defect of another kind",
]
STRONG: Final = "|".join(_STRONG)
TELLING: Final = "|".join([*_STRONG, *_TELLING])
NEAR: Final = re.compile(rf"(?:{NAMED}).*?\b(?i:{TELLING})\b|\b(?i:{TELLING})\b.*?(?:{NAMED})")
# Words that tell on their own, a command that shows it among them.
ALWAYS: Final = re.compile(
    r"certify 29(?![\w-])|(?:finds|misses|reports) 29(?![\w-])"
    r"|(?:defect|bug|mistake)s? (?:in|of) (?:patch )?29(?![\w-])|29's (?:second|defect|bug|mistake)"
)
FAILING: Final = re.compile(r"29(?:/60)?,? as posted|KVM_CREATE_PLANE(?: \d+)? (?:is made to fail|fails)")
# 29-fixed has to be called something before 08. These words say that there is a repair, and not of what.
ALLOWED: Final = re.compile(
    rf"{re.escape(SERIES['29-fixed'].title)}|29 with one repair[;,:] (?:notebook )?08 says which(?: one)?"
    r"|(?:not|no|none of|without) (?:\w+ ){0,4}defects?"
)
BAD: Final = re.compile("|".join(outcome for outcome in OUTCOMES if outcome != "clean").replace("-", "[- ]"))


def sentences(text: str) -> list[str]:
    """The sentences of a prose, marks of Markdown gone."""
    bare = re.sub(r"\]\([^)]*\)|[*`\[]|</?[a-z][^>]*>", "", unescape(text))
    parts = re.split(r"(?<=[.?!;])\s+(?=\S)|\n\s*\n|\n(?=[#|-])", bare)
    return [" ".join(part.split()) for part in parts if part.strip()]


def telling(text: str) -> list[str]:
    """The sentences of a prose that tell."""
    parts = ((sentence, ALLOWED.sub("", sentence)) for sentence in sentences(text))
    return [sentence for sentence, rest in parts if NEAR.search(rest) or ALWAYS.search(rest)]


def telling_together(texts: Iterable[str]) -> list[str]:
    """The words that tell in texts that are read together, where one of them names 29's failing call."""
    whole = ALLOWED.sub("", " ".join(texts))
    return re.findall(rf"\b(?i:{STRONG})\b", whole) if FAILING.search(whole) else []


# -- outputs -------------------------------------------------------------------------------------------------


class Tables(HTMLParser):
    """The tables of a piece of HTML as rows of cells, the lines of its other text, and the JSON in its scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.lines: list[str] = [""]
        self.scripts: list[Any] = []
        self._script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._script = tag == "script"
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
        if tag not in ("b", "i", "code", "span", "em", "strong", "a", "button"):
            self.lines.append("")
        spoken = [text for name in ("alt", "title", "aria-label") if (text := said.get(name))]
        self.lines += [*spoken, ""] if spoken else []

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - HTMLParser gives it
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            kept = data.removeprefix("<!--").removesuffix("-->")
            if kept.startswith("{"):
                self.scripts.append(json.loads(kept))
            return
        self.lines[-1] += data
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data


VERSION: Final = re.compile(r"(?<![\w.:/+-])29(?![\w/%.-]|,\d)(?!:\d)")
_SHORT: Final = 40  # longest cell that may be a version's name with a few words


def tables_that_tell(tables: list[list[list[str]]]) -> Iterator[str]:
    """Rows and columns that are version 29's and have a bad cell."""
    for rows in tables:
        for row in rows:
            if any(len(cell) <= _SHORT and VERSION.match(cell.strip()) for cell in row) and BAD.search(
                " ".join(row[1:])
            ):
                yield f"row {row}"
        head = rows[0] if rows else []
        for column in (at for at, cell in enumerate(head) if VERSION.fullmatch(cell.strip())):
            cells = [row[column] for row in rows[1:] if len(row) > column]
            yield from (f"column 29: {cell}" for cell in cells if BAD.search(cell))


def runs_that_tell(value: Any) -> Iterator[str]:
    """Players of version 29 with a bad step, wherever they lie in a stored JSON."""
    if isinstance(value, dict):
        title = str(value.get("title", ""))
        if re.match(r"version 29:", title) and any(step.get("bad") for step in value.get("steps", [])):
            yield f"player {title}"
        for part in value.values():
            yield from runs_that_tell(part)
    elif isinstance(value, list):
        for part in value:
            yield from runs_that_tell(part)
    elif isinstance(value, str) and "<" in value:  # HTML that a script puts into the page
        yield from output_that_tells("text/html", value)


def line_tells(line: str) -> bool:
    """Whether a line of an output is about 29 and names a defect, or tells as prose would."""
    about = VERSION.search(line) and not re.search(r"29-fixed", line)
    head = re.search(r"(?:^|[ ,(])(?:[Vv]ersion )?29(?:: \d+ paths?,| |: |, )", line) if about else None
    return bool((head and BAD.search(ALLOWED.sub("", line))) or telling(line))


def output_that_tells(form: str, text: str) -> Iterator[str]:
    """What in one output tells."""
    if form == "text/html":
        page = Tables(text)
        yield from tables_that_tell(page.tables)
        yield from runs_that_tell(page.scripts)
        lines = page.lines
    else:
        lines = text.splitlines()
    yield from (f"line {line.strip()}" for line in lines if line_tells(line))
