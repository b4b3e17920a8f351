# SPDX-License-Identifier: GPL-2.0-only
"""Long commands: what they print goes into a file, what they are at is said with the time that has passed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_START: Final = time.monotonic()
_SECONDS: Final = 30  # between two lines of progress


class Failed(RuntimeError):
    """A step that cannot go on; the message says which and why, for the one who typed the command."""


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Hold a folder: two runs would change the sources under each other's compiler.

    Raises:
        Failed: another run holds it.
    """
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failed(f"another run is at work in {work}; WORK=... names another folder") from None
        yield


def say(text: str) -> None:
    """Print a line with the minutes and seconds since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _START), 60)
    sys.stdout.write(f"[{minutes:3d}:{seconds:02d}] {text}\n")
    sys.stdout.flush()


def output(command: Sequence[str], text: str = "", *, folder: Path | None = None) -> str:
    """What a short command prints.

    Raises:
        Failed: it ends with an error.
    """
    done = subprocess.run(
        command, input=text, cwd=folder, capture_output=True, text=True, check=False, env=environment()
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)} fails:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def watch(
    command: Sequence[str], log: Path, doing: Callable[[str], str], *, minutes: float = 24 * 60
) -> tuple[int | None, float]:
    """Run a long command, at the lowest priority.

    Args:
        command: the program and its arguments.
        log: where its output goes.
        doing: the log's text -> what the command is at.
        minutes: after which it is ended.

    Returns:
        The exit status (None when it was ended here), and the seconds it took.
    """
    start = told_at = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["nice", "-n", "19", *command], stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            env=environment(),
        )  # fmt: skip
    try:
        while process.poll() is None:
            now = time.monotonic()
            if now - start > 60 * minutes:
                return None, now - start
            if now - told_at > _SECONDS:
                say(f"  {doing(read_text(log))}")
                told_at = now
            time.sleep(0.2)
        return process.returncode, time.monotonic() - start
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def environment() -> Mapping[str, str]:
    """The environment of every command: English messages, and no settings of a make that started this one."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")} | {"LC_ALL": "C"}


def read_text(path: Path) -> str:
    """A file's text; what is no UTF-8, such as a serial line's noise, is replaced."""
    return path.read_text(encoding="utf-8", errors="replace")


def write_if_new(path: Path, text: str) -> bool:
    """Write a file unless it has this text already; say whether it was written.

    It gets a new file in its place: the old one may be a hard link to somebody else's, and its date tells make what
    to compile.
    """
    if path.exists() and read_text(path) == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.new")
    own.write_text(text, encoding="utf-8")
    own.replace(path)
    return True
