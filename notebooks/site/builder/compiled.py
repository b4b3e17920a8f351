# SPDX-License-Identifier: GPL-2.0-only
"""What a start of Python in a browser imports, compiled: else each reader's browser compiles it again, for seconds.

compiled.mjs runs `main` in that Python, for bytecode is for one version of Python alone. Nobody checks it against a
source's time, which unpacking changes, and it has no columns for tracebacks, which would be a fifth of it. Packages
keep their sources beside it: the machine reads its own, and readers of a traceback read the others. In the standard
library, which every page loads, bytecode takes the place of the sources; a traceback names file and line there.
"""

import base64
import hashlib
import importlib
import marshal
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

LIBRARY = "python_stdlib.zip"
PURE = "*-none-any.whl"
UNCHECKED = (1).to_bytes(4, "little")  # of PEP 552: bytecode for a source by its hash, which is not checked


def main(folder: str, modules: Iterable[str]) -> None:
    """Compile what modules import, and they themselves, in the wheels and the standard library of a folder.

    Args:
        folder: the archives; the wheels without compiled parts are the ones that are used.
        modules: what a start imports.

    Raises:
        ImportError: a module is in none of them.
    """
    wheels = sorted(Path(folder).glob(PURE))
    with tempfile.TemporaryDirectory() as unpacked:
        for wheel in wheels:
            zipfile.ZipFile(wheel).extractall(unpacked)
        sys.path.append(unpacked)
        for name in modules:
            module = importlib.import_module(name)
            for part in getattr(module, "__all__", ()):
                getattr(module, part)  # a package may import a part of itself here, and no sooner
        for wheel in wheels:
            rewrite(wheel, imported(unpacked))
    library = next(path for path in sys.path if path.endswith(".zip"))
    rewrite(Path(folder, LIBRARY), imported(library), inside=library)


def imported(root: str) -> set[str]:
    """The names, below a folder or in an archive, of what has been imported from there."""
    specs = (getattr(module, "__spec__", None) for module in [*sys.modules.values()])
    origins = {str(spec.origin) for spec in specs if spec}  # of one that is a part of Python itself: "frozen"
    return {origin.removeprefix(f"{root}/") for origin in origins if origin.startswith(f"{root}/")}


def rewrite(archive: Path, sources: set[str], inside: str = "") -> None:
    """Write an archive anew, the same bytes whenever that is done.

    Args:
        archive: a wheel or a zip file.
        sources: the names of those files that are compiled.
        inside: where Python imports from the archive itself: bytecode then takes the place of its source. If this is
            empty, the archive is a wheel that is unpacked.
    """
    with zipfile.ZipFile(archive) as given:
        files = {name: given.read(name) for name in given.namelist() if not name.endswith("/")}
    for name in sorted(sources & files.keys()):
        code = bytecode(files[name], f"{inside}/{name}" if inside else name)
        if inside:
            del files[name]
            files[f"{name}c"] = code
        else:
            cached = cache_from_source(name)
            files[cached] = code
            record = next(each for each in files if each.endswith(".dist-info/RECORD"))
            files[record] += f"{cached},sha256={digest(code)},{len(code)}\n".encode()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as written:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(entry, content)


def bytecode(source: bytes, name: str) -> bytes:
    """What Python runs for a source.

    Args:
        source: the text of a module.
        name: the file that a traceback names.
    """
    code = compile(source, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code)


def digest(content: bytes) -> str:
    """The checksum of a file as RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode("ascii")
