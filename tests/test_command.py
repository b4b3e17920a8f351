# SPDX-License-Identifier: GPL-2.0-only
"""The command `kvmplanes`: what it prints is what Jupyter shows as text, and bad input gets one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.__main__ import main
from kvmplanes.view.report import report, summary

REPAIR = kp.VERSIONS["09"].edit(
    "repair",
    "the two lines of the teardown change places",
    (
        "kvm_destroy_vm",
        "kvm_arch_free_vm(kvm);\nkvm_destroy_planes(kvm);",
        "kvm_destroy_planes(kvm);\nkvm_arch_free_vm(kvm);",
    ),
)


def printed(capsys: pytest.CaptureFixture[str], words: str, status: int = 0) -> str:
    """What a command writes to its output, with nothing on its error output."""
    assert main(words.split()) == status
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize(
    ("words", "trace"),
    [
        ("run", kp.run()),
        ("run 09 --fail 2", kp.run("09", fail=2)),
        ("run 09 --fail kvm_create_plane --freed poisoned", kp.run("09", fail="kvm_create_plane", freed="poisoned")),
        ("run 29 --planes 1,3 --fail 18,19", kp.run("29", planes=(1, 3), fail=(18, 19))),
    ],
)
def test_run_prints_the_steps_and_the_verdict(capsys: pytest.CaptureFixture[str], words: str, trace: kp.Trace) -> None:
    assert printed(capsys, words) == f"{trace}\n\n{summary(trace)}\n"


def test_certify_prints_the_certificate_and_its_status_is_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "certify 11") == f"{kp.certify('11')}\n"
    assert printed(capsys, "certify 29", 1) == f"{kp.certify('29')}\n"
    assert printed(capsys, "certify 29 --planes 1", 1) == f"{kp.certify('29', (1,))}\n"
    assert printed(capsys, "certify 11 --failures 2") == f"{kp.certify('11', failures=2)}\n"


@pytest.mark.parametrize("options", ["", " --on 09"])
def test_certify_takes_a_diff(capsys: pytest.CaptureFixture[str], tmp_path: Path, options: str) -> None:
    (tmp_path / "my.diff").write_text(kp.VERSIONS["09"].diff(REPAIR), encoding="utf-8")
    first = printed(capsys, f"certify {tmp_path / 'my.diff'}{options}").splitlines()[0]
    assert first == kp.certify(REPAIR).verdict.replace("repair:", "09 with my.diff:", 1)


def test_the_posted_patch_finds_what_it_stands_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mail").write_text(kp.VERSIONS["29"].diff(kp.VERSIONS["29-fixed"]), encoding="utf-8")
    assert printed(capsys, f"certify {tmp_path / 'mail'}").startswith("29 with mail: ")


def test_report_prints_one_defect(capsys: pytest.CaptureFixture[str]) -> None:
    trace = kp.run("09")
    assert printed(capsys, "report 09") == f"{report(trace)}\n"
    assert printed(capsys, "report 09 --nth 16") == f"{report(trace, 16)}\n"
    assert printed(capsys, "report 11") == f"{summary(kp.run('11'))}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("walk", "(choose from"),
        ("run 77", "77 is no version and no file with a diff; versions are rfc, 08, 09"),
        ("run 09 --fail 99", "no failable call 99 here; 09 reaches 1 get_unused_fd_flags"),
        ("run 09 --fail 0", "fail counts failable calls from 1, not 0"),
        ("run 09 --fail kfree", "no failable call 'kfree' here"),
        ("run 09 --fail 1,x", "no failable call '1,x' here"),
        ("run 29 --planes 1,x", "'1,x' is no list of numbers such as 1,3"),
        ("run 29 --planes 16", "allowed are ids 1..15"),
        ("run 09 --planes 1", "version 09 has no KVM_CREATE_PLANE; versions with it are 29, 29-fixed"),
        ("run 09 --freed burnt", "kept"),
        ("certify 09 --failures 3", "failures must be 1 or 2, not 3"),
        ("certify 09 --on 09", "--on says what a diff changes, and 09 is a version"),
        ("certify README.md", "README.md does not apply on 09: there is no diff in this text"),
        ("certify README.md --on 77", "--on 77: no such version; versions are rfc"),
        ("report 09 --nth 17", "has defects 0..16"),
        ("kernel /nowhere", "/nowhere is no kernel tree"),
        ("lab Makefile", "Makefile is a file"),
        ("lab notebooks", "holds the project's own notebooks"),
        ("lab build/x --reset 9", "no notebook '9'; there are 00"),
        ("lab build/x --port many", "invalid int value: 'many'"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    monkeypatch.chdir(root)
    try:
        status = main(words.split())
    except SystemExit as ended:  # argparse's way
        status = int(ended.code or 0)
    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert sentence in captured.err
    assert "Traceback" not in captured.err


def test_a_diff_whose_c_is_wrong_gets_the_compilers_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = kp.VERSIONS["09"].diff(REPAIR).replace("+\tkvm_destroy_planes(kvm);", "+\tkvm_destroy_planes(kvm")
    (tmp_path / "my.diff").write_text(broken, encoding="utf-8")
    assert main(["certify", str(tmp_path / "my.diff")]) == 2
    assert capsys.readouterr().err.startswith("kvmplanes: virt/kvm/kvm_main.c:")


def test_without_jupyterlab_it_lays_the_copies_and_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvmplanes.lab.installed", lambda: False)
    assert main(["lab", str(tmp_path / "copies")]) == 2
    captured = capsys.readouterr()
    assert captured.out == f"The notebooks are in {tmp_path / 'copies'}.\n"
    assert captured.err.endswith('pip install "kvmplanes[lab]" brings it\n')
    assert (tmp_path / "copies" / "00-start-here.ipynb").is_file()


def test_the_module_and_the_help_run_where_characters_are_few() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for words in (["report", "09"], ["--help"], ["lab", "--help"], ["oracle", "--help"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-m", "kvmplanes", *words], env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout
    assert done.stdout == f"kvmplanes {kp.__version__}\n"


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    command = f"{sys.executable} -m kvmplanes run 09 | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
