# SPDX-License-Identifier: GPL-2.0-only
"""What a function undoes on its way out, and what it should: its text, its runs, and how they match."""
