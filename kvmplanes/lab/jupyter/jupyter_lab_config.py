# SPDX-License-Identifier: GPL-2.0-only
"""How `kvmplanes lab` starts JupyterLab; the token stays on, the address it prints holds it.

Beside this file, labconfig/page_config.json turns off the question about news and the look for updates.
"""

import os

jupyter = get_config()  # type: ignore[name-defined]  # noqa: F821 - Jupyter gives it to its configuration files

jupyter.LabApp.default_url = "/lab/tree/00-start-here.ipynb"
jupyter.LabApp.extension_manager = "readonly"  # no look into the package index
jupyter.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0  # root is the only user in a container
jupyter.ServerApp.answer_yes = True  # one Control-C stops it
jupyter.LabApp.log_level = "WARN"  # what remains is the address
