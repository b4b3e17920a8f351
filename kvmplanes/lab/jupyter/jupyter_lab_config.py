# SPDX-License-Identifier: GPL-2.0-only
"""How `kvmplanes lab` and Binder start JupyterLab; the token stays on, the address it prints holds it.

Beside this file, labconfig/page_config.json turns off the question about news and the look for updates, and
labconfig/default_setting_overrides.json keeps whole notebooks in the page: a link to a heading then lands on it.
"""

import logging
import os
import warnings
from pathlib import Path

import zmq

from kvmplanes.lab import saved

jupyter = get_config()  # type: ignore[name-defined]  # noqa: F821 - Jupyter gives it to its configuration files

jupyter.LabApp.extra_labextensions_path = [str(Path(__file__).parent / "labextensions")]
jupyter.LabApp.extension_manager = "readonly"  # no look into the package index
jupyter.ServerApp.allow_root = hasattr(os, "geteuid") and os.geteuid() == 0  # root is the only user in a container
jupyter.ServerApp.answer_yes = True  # one Control-C stops it
jupyter.LabApp.log_level = "WARN"  # what remains is the address
jupyter.FileContentsManager.pre_save_hook = saved
warnings.filterwarnings("ignore", message="Overriding existing pre_save_hook")  # Jupyter sets the same one twice
# Jupyter closes a connection that leaves three pings, 90 s, without an answer. Tornado finds that too long for pings of
# its own, of which it sends none here, and warns of each connection.
logging.getLogger("tornado.general").addFilter(lambda record: "websocket_ping_timeout" not in record.getMessage())
if zmq.has("curve"):  # otherwise each kernel warns that its neighbours on this machine may listen
    jupyter.KernelManager.transport_encryption = "auto"
