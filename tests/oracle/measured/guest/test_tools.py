# SPDX-License-Identifier: GPL-2.0-only
"""What stands around the kernel: what is missing, long commands, the guest program and its archive, log."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmplanes.oracle.measured.guest import boot, log, needs, progress
from kvmplanes.oracle.measured.guest.__main__ import main
from kvmplanes.oracle.measured.guest.variants import GUEST, plan

# -- before anything starts -------------------------------------------------------------------------------------------


def test_without_a_tree_the_command_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([""]) == 2
    printed = capsys.readouterr().err
    assert "apt-get install linux-source-7.2" in printed
    assert "cdn.kernel.org" in printed
    assert "make kernel KERNEL_SRC=" in printed


def test_everything_that_is_missing_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(tmp_path)]) == 2
    printed = capsys.readouterr().err
    assert f"{tmp_path} is no kernel tree" in printed
    assert "Missing here: gcc, make, patch, flex, bison, bc, addr2line, pahole, qemu-system-x86_64, libelf" in printed
    debian = next(line for line in printed.splitlines() if "apt-get install --no-install" in line)
    assert {"flex", "bison", "bc", "libelf-dev", "qemu-system-x86", "pahole", "libc6-dev"} <= set(debian.split())


def test_what_is_here_is_not_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for need in needs.PROGRAMS:
        program = tmp_path / need.what
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert needs.missing() == []


def kernel_tree(folder: Path) -> Path:
    for name, text in {"Makefile": "VERSION = 7\nPATCHLEVEL = 2\nSUBLEVEL = 13\n", "virt/kvm/kvm_main.c": "",
                       "include/linux/kvm_host.h": "struct kvm {\n};\n"}.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_fresh_tree_has_no_fault(tmp_path: Path) -> None:
    tree = kernel_tree(tmp_path)
    assert needs.tree_faults(tree) == []
    assert needs.release(tree) == "7.2.13"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (".config", "", "was compiled in"),
        ("include/linux/kvm_host.h", "struct kvm_plane {\n", "has struct kvm_plane already"),
    ],
)
def test_a_tree_that_will_not_do_is_refused(tmp_path: Path, name: str, text: str, fault: str) -> None:
    tree = kernel_tree(tmp_path)
    (tree / name).write_text(text)
    (sentence,) = needs.tree_faults(tree)
    assert fault in sentence


def test_minutes_and_disk_are_said_beforehand(tmp_path: Path) -> None:
    small = needs.estimate(plan(["V1"], ["create"]), tmp_path, tmp_path / "work", 2)
    large = needs.estimate(plan(["V0", "V1"], ["all"]), tmp_path, tmp_path / "work", 2)
    assert "1 kernels (V1-kasan) and 1 boots" in small
    assert "about 8 minutes with 2 free processors" in small
    assert "4 kernels (V0-kasan, V1-kasan, V0-nokasan, V1-nokasan)" in large


def test_a_full_disk_is_said_beforehand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1_000_000))
    with pytest.raises(OSError, match=r"where 1 MB are free.* That is not enough"):
        needs.estimate(plan(["V1"], ["create"]), tmp_path, tmp_path, 2)


# -- long commands ----------------------------------------------------------------------------------------------------


def test_a_command_goes_into_its_log(tmp_path: Path) -> None:
    status, seconds = progress.watch(["sh", "-c", "echo out; echo err >&2; exit 3"], tmp_path / "log", str)
    assert status == 3
    assert seconds < 10
    assert progress.read_text(tmp_path / "log") == "out\nerr\n"


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    status, seconds = progress.watch(["sleep", "60"], tmp_path / "log", str, minutes=0.01)
    assert status is None
    assert seconds < 10


def test_a_failing_command_says_why() -> None:
    with pytest.raises(progress.Failed, match="no such thing"):
        progress.output(["sh", "-c", "echo no such thing >&2; exit 1"])


def test_a_file_with_the_same_text_keeps_its_date(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert progress.write_if_new(file, "text\n")
    other = tmp_path / "other"
    other.hardlink_to(file)
    assert not progress.write_if_new(file, "text\n")
    assert file.samefile(other)
    assert progress.write_if_new(file, "new\n")
    assert other.read_text() == "text\n"


def test_a_folder_is_held_by_one_run(tmp_path: Path) -> None:
    with (
        progress.alone(tmp_path),
        pytest.raises(progress.Failed, match="another run is at work"),
        progress.alone(tmp_path),
    ):
        pass
    with progress.alone(tmp_path):
        pass


# -- the guest --------------------------------------------------------------------------------------------------------


def test_the_guest_program_compiles_without_a_warning(tmp_path: Path, need: Callable[[object, str], None]) -> None:
    need(shutil.which("gcc"), "The guest program is compiled with gcc, and there is none.")
    flags = ("-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-DCAP_PLANES=250", "-fsyntax-only")
    for file in sorted((GUEST / "init").glob("*.c")):
        subprocess.run(["gcc", *flags, str(file)], check=True, cwd=tmp_path)


def test_the_archive_is_one_that_the_kernel_unpacks() -> None:
    """Read back by the format's own rules: fields of 8 hexadecimal digits, names and contents on 4 bytes."""
    packed = boot.cpio([("init", 0o100755, b"12345"), ("folder", 0o040755, b"")])
    files, place = [], 0
    while place < len(packed):
        assert packed[place : place + 6] == b"070701"
        fields = [int(packed[place + 6 + 8 * i : place + 14 + 8 * i], 16) for i in range(13)]
        name = packed[place + 110 : place + 110 + fields[11] - 1].decode()
        start = place + -(-(110 + fields[11]) // 4) * 4
        content = packed[start : start + fields[6]]
        files.append((name, fields[1], content))
        place = start + -(-fields[6] // 4) * 4
    assert files == [("init", 0o100755, b"12345"), ("folder", 0o040755, b""), ("TRAILER!!!", 0, b"")]


# -- symbols ----------------------------------------------------------------------------------------------------------

PROGRAM = """\
extern void *allocate(void);
static inline __attribute__((always_inline)) void *kvm_create_plane(void)
{
	return allocate();
}
static inline __attribute__((always_inline)) void *kvm_create_vm(void)
{
	return kvm_create_plane();
}
__attribute__((noinline)) void *allocate(void) { return __builtin_return_address(0); }
__attribute__((noinline)) void *kvm_dev_ioctl(void)
{
	void *found = kvm_create_vm();
	__asm__ volatile("" ::: "memory");
	return found;
}
int main(void) { return !kvm_dev_ioctl(); }
"""


def test_inlined_functions_are_found(tmp_path: Path, need: Callable[[object, str], None]) -> None:
    need(shutil.which("gcc") and shutil.which("addr2line"), "gcc and addr2line are needed, and are not here.")
    (tmp_path / "kvm.c").write_text(PROGRAM)
    vmlinux = str(tmp_path / "vmlinux")
    subprocess.run(["gcc", "-g", "-O2", "-no-pie", "-o", vmlinux, "kvm.c"], cwd=tmp_path, check=True)
    table = subprocess.run(["nm", vmlinux], check=True, capture_output=True, text=True).stdout
    known = [line for line in table.splitlines() if len(line.split()) == 3]
    (tmp_path / "System.map").write_text("\n".join(known) + "\n")
    code = subprocess.run(["objdump", "-d", vmlinux], check=True, capture_output=True, text=True).stdout
    body = code.partition("<kvm_dev_ioctl>:\n")[2].partition("\n\n")[0].splitlines()
    call = next(i for i, line in enumerate(body) if "call" in line and "<allocate>" in line)
    start, after = (int(body[i].partition(":")[0], 16) for i in (0, call + 1))
    line = f" kvm_dev_ioctl+{after - start:#x}/0x20"
    unknown = " nowhere+0x1/0x2"
    first, second, third = log.decoded_lines([line, unknown, " ? kvm_dev_ioctl+0x1/0x20"], tmp_path)
    assert first == f"{line} = kvm_create_plane@kvm.c:4 kvm_create_vm@kvm.c:8 kvm_dev_ioctl@kvm.c:13"
    assert (second, third) == (unknown, " ? kvm_dev_ioctl+0x1/0x20")
