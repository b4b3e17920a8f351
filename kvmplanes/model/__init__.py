# SPDX-License-Identifier: GPL-2.0-only
"""The model: a checked heap, failable calls, and the functions of the patch in C order."""
