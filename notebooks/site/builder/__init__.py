# SPDX-License-Identifier: GPL-2.0-only
"""The builder of the documentation site: `python -m notebooks.site.builder`, from the project's folder."""
