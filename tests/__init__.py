# SPDX-License-Identifier: GPL-2.0-only
"""Tests, in the rooms of what they test."""
