# SPDX-License-Identifier: GPL-2.0-only
"""What every picture and table stands on: colours, HTML, SVG."""
