# SPDX-License-Identifier: GPL-2.0-only
"""A review of a posted patch: its document, the findings, and what a reader's comments are worth."""
