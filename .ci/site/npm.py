# SPDX-License-Identifier: GPL-2.0-only
"""Pinned npm packages: fetched by the user's own npm, compared with their checksum, kept in build/cache/npm.

Usage: npm.py NAME... prints each package's folder.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "cache" / "npm"


def fetch(name: str) -> Path:
    """Give the folder of a package, fetching it if it is not there yet.

    Args:
        name: as in npm.toml, beside this file.

    Raises:
        SystemExit: a name without a pin, no npm, no registry, or another archive than the pinned one.
    """
    pins = tomllib.loads((HERE / "npm.toml").read_text(encoding="utf-8"))
    if name not in pins:
        sys.exit(f"npm package {name!r} has no pin; pinned are {', '.join(pins)}")
    version, integrity = pins[name]["version"], pins[name]["integrity"]
    folder = CACHE / f"{name.replace('/', '+')}-{version}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            archive = _pack(f"{name}@{version}", scratch)
            if (found := checksum(archive)) != integrity:
                sys.exit(f"npm package {name} {version}: the registry gave {found}, pinned is {integrity}")
            with tarfile.open(archive) as members:
                members.extractall(scratch, filter="data")
            (Path(scratch) / "package").rename(folder)
    return folder


def checksum(file: Path) -> str:
    """SHA-512 of a file, spelled as npm spells it."""
    return f"sha512-{base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()}"


def _pack(spec: str, folder: str) -> Path:
    if not shutil.which("npm"):
        sys.exit("npm is needed to fetch what the site carries, and there is none: install Node.js 20 or newer.")
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, spec]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(f"npm could not fetch {spec}:\n{made.stderr.strip()}")
    return next(Path(folder).glob("*.tgz"))


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(fetch(each))
