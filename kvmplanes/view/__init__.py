# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, tables, plots and widgets: pure functions of the patch, of traces and of certificates."""

from kvmplanes.view import magic
from kvmplanes.view.code import c
from kvmplanes.view.diff import diff_html, lines_html
from kvmplanes.view.heap import heap_picture, slots_picture
from kvmplanes.view.ladder import ladder_picture
from kvmplanes.view.report import report

__all__ = ["c", "diff_html", "heap_picture", "ladder_picture", "lines_html", "report", "slots_picture"]

magic.register()
