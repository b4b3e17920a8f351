# SPDX-License-Identifier: GPL-2.0-only
"""What runs in the page: its scripts, and the Python that its worker is given."""
