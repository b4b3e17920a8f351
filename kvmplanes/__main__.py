# SPDX-License-Identifier: GPL-2.0-only
"""Walk through one kernel patch: run its C, make calls fail, check every path, read it in JupyterLab."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn, get_args

import kvmplanes as kp
from kvmplanes.model.heap import Freed
from kvmplanes.model.machine.tree import CError

EPILOG: Final = """\
exit status: 0; 1 if `certify` finds a path that is not clean, or `oracle` or `kernel` a disagreement;
2 if something that was asked for is not there.

examples:
  kvmplanes run 09 --fail 2          the second failable call fails
  kvmplanes certify my.diff --on 09  a repair of yours, on every path
  kvmplanes lab                      the walkthrough, in a folder of yours
"""
# These have more options of their own.
ROOMS: Final = {"oracle": "kvmplanes.oracle.__main__", "kernel": "kvmplanes.oracle.measured.guest.__main__"}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """End with the sentence and status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `kvmplanes`; those of the command line by default.

    Returns:
        The exit status that `EPILOG` explains.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console, or a file, may lack a character
            stream.reconfigure(errors="backslashreplace")
    try:
        if words[:1] and words[0] in ROOMS:
            status: int = import_module(ROOMS[words[0]]).main(words[1:])
        else:
            chosen = parser().parse_args(words)
            status = chosen.command(chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, such as `head`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, OSError) as error:
        sys.stderr.write(f"kvmplanes: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    """What the command line may be."""
    names = ", ".join(kp.VERSIONS)
    which = Parser(add_help=False)
    which.add_argument(
        "version", nargs="?", default="09", metavar="VERSION",
        help=f"{names}; or a file with a diff that changes one of them (default: 09)",
    )  # fmt: skip
    which.add_argument("--on", metavar="VERSION", help="what the diff changes (default: 09, or the first that it fits)")
    which.add_argument("--planes", type=_numbers, metavar="1,3", help="planes that the program creates, from 1 to 15")
    how = Parser(add_help=False)
    how.add_argument("--fail", type=_fail, metavar="CALL", help="the failable call that fails: its number, or its name")
    how.add_argument("--freed", choices=get_args(Freed), default="kept", help="what freed memory holds (default: kept)")

    whole = Parser(
        prog="kvmplanes", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whole.add_argument("--version", action="version", version=f"kvmplanes {kp.__version__}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND", title="commands", parser_class=Parser)

    run = commands.add_parser("run", parents=[which, how], help="one run, step by step")
    run.set_defaults(command=_run)
    certify = commands.add_parser("certify", parents=[which], help="every path: each failable call fails once")
    certify.add_argument("--failures", type=int, default=1, help="how many calls fail on a path, at most: 1 or 2")
    certify.set_defaults(command=_certify)
    report = commands.add_parser("report", parents=[which, how], help="a defect of a run, as KASAN reports it")
    report.add_argument("--nth", type=int, default=0, help="which defect of the run, from 0 (default: 0)")
    report.set_defaults(command=_report)
    commands.add_parser("oracle", help="the model against compilers' sanitizers and two measured kernels")
    commands.add_parser("kernel", help="the patch on your own kernel tree: built, booted, measured")
    lab = commands.add_parser("lab", help="the notebooks in JupyterLab, as copies of yours")
    lab.add_argument("folder", nargs="?", type=Path, default=Path("kvmplanes-notebooks"), metavar="FOLDER",
                     help="where your copies are (default: kvmplanes-notebooks)")  # fmt: skip
    lab.add_argument("--reset", action="append", default=[], metavar="05",
                     help="lay this notebook again; your copy of it is kept under another name")  # fmt: skip
    lab.add_argument("--port", type=int, default=8888, help="where JupyterLab listens (default: 8888)")
    lab.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    lab.set_defaults(command=_lab)
    return whole


def _run(chosen: argparse.Namespace) -> int:
    from kvmplanes.view.report import summary

    trace = _trace(chosen)
    print(trace, summary(trace), sep="\n\n")
    return 0


def _certify(chosen: argparse.Namespace) -> int:
    certificate = kp.certify(_version(chosen), chosen.planes, failures=chosen.failures)
    print(certificate)
    return 0 if certificate.clean else 1


def _report(chosen: argparse.Namespace) -> int:
    from kvmplanes.view.report import report, summary

    trace = _trace(chosen)
    print(report(trace, chosen.nth) if trace.defects else summary(trace))
    return 0


def _lab(chosen: argparse.Namespace) -> int:
    from kvmplanes import lab

    laid = lab.lay(chosen.folder, chosen.reset)
    print(laid)
    if not lab.installed():
        raise ValueError('JupyterLab is not installed beside kvmplanes; pip install "kvmplanes[lab]" brings it')
    lab.trust(laid.folder)
    print("JupyterLab starts. Open the address below; Control-C stops it.", flush=True)
    lab.serve(laid.folder, port=chosen.port, browser=not chosen.no_browser)
    return 0


def _trace(chosen: argparse.Namespace) -> kp.Trace:
    return kp.run(_version(chosen), fail=chosen.fail, planes=chosen.planes or (), freed=chosen.freed)


def _version(chosen: argparse.Namespace) -> kp.Version:
    """The version that is named, or a diff on the version that it changes."""
    names = ", ".join(kp.VERSIONS)
    if chosen.version in kp.VERSIONS:
        if chosen.on:
            raise ValueError(f"--on says what a diff changes, and {chosen.version} is a version")
        return kp.VERSIONS[chosen.version]
    file = Path(chosen.version)
    if not file.is_file():
        raise ValueError(f"{chosen.version} is no version and no file with a diff; versions are {names}")
    if chosen.on and chosen.on not in kp.VERSIONS:
        raise ValueError(f"--on {chosen.on}: no such version; versions are {names}")
    diff = file.read_text(encoding="utf-8", errors="replace")
    reasons = []
    for name in [chosen.on] if chosen.on else dict.fromkeys(["09", *kp.VERSIONS]):
        try:
            return kp.VERSIONS[name].apply(diff, f"{name} with {file.name}")
        except CError:  # it fits, and the C that results is wrong
            raise
        except ValueError as error:
            reasons.append(f"on {name}: {error}")
    raise ValueError(f"{file} does not apply {reasons[0]}")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,3") from None


def _fail(text: str) -> int | str | tuple[int, ...]:
    if not text.replace(",", "").isdigit():
        return text
    numbers = _numbers(text)
    return numbers[0] if len(numbers) == 1 else numbers


if __name__ == "__main__":
    sys.exit(main())
