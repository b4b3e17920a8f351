# SPDX-License-Identifier: GPL-2.0-only
"""Independent accounts and small tools that several tests use."""
