# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, tables, plots and widgets: pure functions of the patch, of traces and of certificates."""
