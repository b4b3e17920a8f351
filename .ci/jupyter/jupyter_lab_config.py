# SPDX-License-Identifier: GPL-2.0-only
"""How `make lab` starts JupyterLab; the token stays on, the address it prints holds it.

Beside this file, labconfig/page_config.json turns off the question about news and the look for updates.
"""

import os

c = get_config()  # noqa: F821 - Jupyter gives it to its configuration files

c.LabApp.default_url = "/lab/tree/notebooks/00-start-here.ipynb"
c.LabApp.extension_manager = "readonly"  # no look into the package index
c.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0  # root is the only user in a container
c.ServerApp.answer_yes = True  # one Control-C stops it
c.LabApp.log_level = "WARN"  # what remains is the address
