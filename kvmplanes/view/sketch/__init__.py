# SPDX-License-Identifier: GPL-2.0-only
"""Small pictures, each for one idea of a notebook: a module a picture, a pure function of what it is given.

They are inline SVG and follow the page's theme. What a run can say in them is taken from the run.
"""
