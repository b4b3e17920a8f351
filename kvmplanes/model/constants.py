# SPDX-License-Identifier: GPL-2.0-only
"""The two constants that the patch adds, as Python's code needs them; a test holds them to the C."""

from typing import Final

KVM_MAX_PLANES: Final = 16  # +11
KVM_CAP_PLANES: Final = 249  # +13
