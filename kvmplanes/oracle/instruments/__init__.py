# SPDX-License-Identifier: GPL-2.0-only
"""Which tool sees which defect."""
