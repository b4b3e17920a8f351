# SPDX-License-Identifier: GPL-2.0-only
"""HTML that reads well everywhere: what a view returns, the pieces it is made of, and the one table.

A notebook is seen trusted, untrusted, exported and on code hosts. JupyterLab's
sanitizer (untrusted) drops <style>, <svg>, role= and aria-*=; of style= it keeps
plain values only: no var(), no currentColor, no inherit. Some code hosts drop
style= altogether. So: real elements carry the meaning, `css` adds the looks, and
every view has a plain text twin.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from kvmplanes.runs.shown import Bundle, Shown, bundle
from kvmplanes.runs.words import columns
from kvmplanes.view.page.style import NEVER_USED, Role

__all__ = ["Cells", "Html", "badge", "bold", "css", "escape", "folded", "framed", "marked", "scrolled", "table"]

# An asterisk of C marks nothing: it has a space on one side, or a letter on both.
_MARKS = re.compile(
    r"`([^`]+)`|(?<![\w*])\*\*(?=\S)(.+?)(?<=\S)\*\*(?![\w*])|(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])"
)
_DROPPED = ("var(", "calc(", "currentcolor", "inherit", "!important", ";", '"')


@dataclass(frozen=True, slots=True, repr=False)
class Html(Shown):
    """A view: `html` for notebooks and pages, `text` for terminals and wherever HTML is not shown."""

    html: str
    text: str

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@bundle.register
def _bundle(view: Html) -> Bundle:
    return {"text/html": view.html, "text/plain": view.text}


def css(**declarations: str) -> str:
    """Write a style attribute, with a space before it; ValueError for a value that an untrusted notebook would drop.

    >>> css(color="#111111", margin_left="4px")
    ' style="color:#111111;margin-left:4px"'
    """
    for name, value in declarations.items():
        if any(part in value.lower() for part in _DROPPED):
            raise ValueError(f"css {name}={value!r}: plain values only, none of {_DROPPED}")
    body = ";".join(f"{name.replace('_', '-')}:{value}" for name, value in declarations.items())
    return f' style="{body}"' if body else ""


def badge(role: Role, word: str = "") -> str:
    """A label that brings its own ground, so reads on any page: the role's sign, and a word (by default its own)."""
    look = css(background_color=role.fill, color=role.ink, padding="0 6px", border_radius="4px")
    return f"<b{look}>{role.sign}\u00a0{escape(word or role.word)}</b>"


def scrolled(inside: str) -> str:
    """Content that scrolls, by mouse and by keys, where the page is narrower."""
    return f'<div{css(overflow_x="auto")} tabindex="0">{inside}</div>'


def folded(title: str, inside: str, *, opened: bool = False) -> str:
    """HTML below a title that folds it away; a reader opens it."""
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{inside}</details>"


def framed(role: Role, body: str, attributes: str = "") -> str:
    """HTML with a bar of a role's colour at its left; the attributes are written as they are."""
    look = css(border_left=f"4px solid {role.line}", padding="4px 12px", margin="8px 0")
    return f"<div{f' {attributes}' if attributes else ''}{look}>{body}</div>"


def marked(text: str) -> str:
    """A text of ours as HTML: `backquotes` mark code, *asterisks* stress, **two of them** strongly.

    >>> marked("read `*p` *once*, **never** `kfree`")
    'read <code>*p</code> <em>once</em>, <strong>never</strong> <code>kfree</code>'
    """
    return _within(escape(text, quote=False))


def _within(escaped: str) -> str:
    return _MARKS.sub(lambda found: _element(*found.groups()), escaped)


def _element(code: str | None, strong: str | None, stress: str | None) -> str:
    if code:
        return f"<code>{code}</code>"
    return f"<strong>{_within(strong)}</strong>" if strong else f"<em>{_within(stress or '')}</em>"


def bold(text: str) -> Html:
    """A text of ours in bold."""
    return Html(f"<b>{marked(text)}</b>", text.replace("`", ""))


# A row: for each column a text, in which `backquotes` mark code, or HTML with a text of its own.
Cells = Sequence[str | Html]


def table(
    head: Cells,
    rows: Sequence[Cells],
    *,
    caption: str | Html = "",
    named: int = 0,
    right: Collection[int] = (),
    sums: Collection[int] = (),
    looks: Mapping[int, Mapping[str, str]] | None = None,
    size: str = "12px",
    padding: str = "3px 8px 3px 0",
) -> Html:
    """A table. Columns and rows are numbered from 0.

    Args:
        head: the columns' names, in bold where they are texts.
        rows: a cell for each column.
        caption: what stands above it; "" for nothing.
        named: the column that names the rows.
        right: the columns that stand at the right.
        sums: the rows that are sums; they are in bold.
        looks: column -> style of the cells below its name, as `css` takes it, beyond what all cells have.
        size: of the letters, with its unit.
        padding: of a cell, with its unit.

    Raises:
        ValueError: a row with more or fewer cells than there are columns.
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"every row has {len(head)} cells: {', '.join(map(_text, head))}")

    def cell(tag: str, column: int, content: str | Html, *, heavy: bool, **look: str) -> str:
        usual = {
            "text_align": "right" if column in right else "left",
            "vertical_align": "top",
            "font_weight": "bold" if heavy else "normal",
            "padding": padding,
            "border_bottom": f"1px solid {NEVER_USED.line}",
        }
        return f"<{tag}{css(**{**usual, **look})}>{_html(content)}</{tag.partition(' ')[0]}>"

    def line(row: Cells, *, heavy: bool) -> str:
        cells = []
        for at, content in enumerate(row):
            tag = 'th scope="row"' if at == named else "td"
            cells.append(cell(tag, at, content, heavy=heavy, **(looks or {}).get(at, {})))
        return f"<tr>{''.join(cells)}</tr>"

    top = "".join(cell('th scope="col"', at, name, heavy=isinstance(name, str)) for at, name in enumerate(head))
    body = "".join(line(row, heavy=number in sums) for number, row in enumerate(rows))
    above = f"<caption{css(text_align='left', padding='0 0 6px 0')}>{_html(caption)}</caption>" if caption else ""
    html = scrolled(
        f"<table{css(border_collapse='collapse', font_size=size)}>{above}"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )
    lines = columns([[*map(_text, row)] for row in rows], [*map(_text, head)], right)
    return Html(html, "\n".join(filter(None, [_text(caption), lines])))


def _html(content: str | Html) -> str:
    return marked(content) if isinstance(content, str) else content.html


def _text(content: str | Html) -> str:
    return content.replace("`", "") if isinstance(content, str) else content.text
