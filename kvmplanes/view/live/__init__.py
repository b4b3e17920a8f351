# SPDX-License-Identifier: GPL-2.0-only
"""What answers a reader: the player, the order editor, the failure picker, and their form without a kernel."""
