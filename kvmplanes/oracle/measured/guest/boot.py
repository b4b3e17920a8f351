# SPDX-License-Identifier: GPL-2.0-only
"""A kernel started in QEMU with the guest program as its only process; what the serial line prints is the log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kvmplanes.oracle.measured.guest.build import log_of
from kvmplanes.oracle.measured.guest.log import decoded_lines, finished, lines_of, reports
from kvmplanes.oracle.measured.guest.progress import Failed, output, read_text, say, watch
from kvmplanes.oracle.measured.guest.variants import BOOTS, GUEST

# no5lvl: with 5-level paging a kernel with KASAN hangs now and then at 0.1 s, where it clears the processor's flags
# that KASAN's own address check reads. nokaslr: addresses are those of System.map.
_OPTIONS: Final = (
    "console=ttyS0,115200 loglevel=8 panic=-1 printk.devkmsg=on nokaslr no5lvl log_buf_len=16M kasan_multi_shot"
)
_QEMU: Final = (
    "qemu-system-x86_64 -machine pc -accel tcg -cpu max,+svm -smp 1 -m 1536 -nographic -no-reboot -net none "
    "-nodefaults -serial stdio -monitor none"
)
_TRIES: Final = 3


def boot(variant: str, name: str, kernel: Path, work: Path, cap_planes: int) -> Path:
    """Start a kernel, unless there is a log of it already that came to its end.

    Args:
        variant: a key of `VARIANTS`.
        name: a key of `BOOTS`.
        kernel: the folder that `build` returned.
        work: where everything that is made goes.
        cap_planes: the number of KVM_CAP_PLANES in this kernel.

    Returns:
        The log, decoded.

    Raises:
        Failed: the guest did not come to its end.
    """
    what = BOOTS[name]
    log = log_of(work, variant, name)
    raw = log.with_suffix(".serial")
    raw.parent.mkdir(parents=True, exist_ok=True)
    append = " ".join([*_OPTIONS.split(), *what.options.split(), "--", what.steps])
    guest = initramfs(work, cap_planes)
    # `build` removes the logs of a kernel that it makes anew.
    if log.exists() and log.stat().st_mtime > guest.stat().st_mtime and f"Command line: {append}\n" in read_text(log):
        say(f"{variant}-{name}: the log is there")
        return log
    command = [*_QEMU.split(), "-kernel", str(kernel / "bzImage"), "-initrd", str(guest), "-append", append]
    for left in reversed(range(_TRIES)):
        say(f"{variant}-{name}: boot ({what.steps})")
        _, seconds = watch(command, raw, _step, minutes=what.minutes)
        text = read_text(raw)
        if finished(text):
            lines = decoded_lines(lines_of(text), kernel)
            log.write_text("\n".join(lines), encoding="utf-8")
            counted = reports(lines)
            result = f"{counted['kasan_reports']} KASAN reports, {counted['oopses']} Oopses"
            say(f"{variant}-{name}: {result}, {seconds:.0f} s")
            return log
        again = ", once more" if left else ""
        say(f"{variant}-{name}: the guest did not come to its end in {seconds:.0f} s{again}")
    raise Failed(f"{variant}-{name}: no boot came to its end; the last lines of {raw}:\n{text[-1500:]}")


def _step(log: str) -> str:
    """What the guest is at: the last line that begins a step or a row."""
    begun = [line for line in log.splitlines() if "guest: begin " in line or "guest: row " in line]
    return begun[-1].partition("guest: ")[2] if begun else "the kernel starts"


def initramfs(work: Path, cap_planes: int) -> Path:
    """The guest program, compiled and packed, unless it is there already."""
    sources = sorted((GUEST / "init").glob("*.[ch]"))
    folder = work / "initramfs"
    packed = folder / f"init-{cap_planes}.cpio"
    if packed.exists() and packed.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return packed
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "init"
    files = [str(source) for source in sources if source.suffix == ".c"]
    flags = ("-O1", "-static", "-s", "-Wall", "-Wextra", "-D_GNU_SOURCE", f"-DCAP_PLANES={cap_planes}")
    output(["gcc", *flags, "-o", str(program), *files])
    packed.write_bytes(cpio([("init", 0o100755, program.read_bytes())]))
    return packed


def cpio(files: Iterable[tuple[str, int, bytes]]) -> bytes:
    """Files as an archive of the kind that the kernel unpacks as its first file system ("newc").

    Args:
        files: (name, mode, content).
    """
    packed = bytearray()
    for number, (name, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        path = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        packed += b"070701" + b"".join(b"%08x" % field for field in fields) + path
        packed += b"\0" * (-len(packed) % 4) + content
        packed += b"\0" * (-len(packed) % 4)
    return bytes(packed)
