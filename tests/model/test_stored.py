# SPDX-License-Identifier: GPL-2.0-only
"""The stored translations: up to date, the same as fresh ones, and no parser is needed for them."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import kvmplanes as kp
from kvmplanes.model.machine import functions, unit
from kvmplanes.model.machine.unit import STORED, joined, pieces_of
from kvmplanes.model.series import ALL
from kvmplanes.model.version import UNITS, Version

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "store.py"
WITHOUT_A_PARSER = """
import sys
sys.modules["pycparser"] = None
import kvmplanes as kp
from kvmplanes.model.series import ALL
print(*(len(version.unit.functions) for version in ALL.values()))
print(str(kp.certify("09")).partition(";")[0])
try:
    kp.VERSIONS["09"].replace("static void kvm_put_kvm(struct kvm *kvm)\\n{\\n}\\n")
except ImportError as error:
    print(error.name)
"""


def test_the_store_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("store", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert STORED.read_text(encoding="utf-8") == script.text(), "run: .venv/bin/python .ci/store.py"


@pytest.mark.parametrize("version", ALL.values(), ids=str)
def test_what_is_stored_is_what_a_fresh_translation_gives(version: Version) -> None:
    declared, texts = pieces_of(version.tree, UNITS)
    head = joined(declared)
    assert unit.outline(head) == functions.declarations(head)
    for rows in texts:
        assert unit.function(joined(rows), head) == functions.translate(joined(rows), head)


@pytest.mark.skipif(sys.platform == "emscripten", reason="it starts a Python")
def test_the_packages_own_versions_need_no_parser_and_a_readers_do() -> None:
    result = subprocess.run([sys.executable, "-c", WITHOUT_A_PARSER], capture_output=True, text=True, check=True)
    sizes, certificate, missing = result.stdout.splitlines()
    assert sizes.split() == [str(len(version.functions)) for version in ALL.values()]
    assert certificate == str(kp.certify("09")).partition(";")[0]
    assert missing == "pycparser"


def test_another_text_another_outline_or_another_machine_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    declared, texts = pieces_of(ALL["09"].tree, UNITS)
    head, body = joined(declared), joined(texts[0])
    have = json.loads(STORED.read_text(encoding="utf-8"))
    assert {unit._key(head), unit._key(body, head)} <= set(have)
    assert not {unit._key(f"{head} "), unit._key(f"{body} ", head), unit._key(body, f"{head} ")} & set(have)
    unit._machine.cache_clear()
    monkeypatch.setattr(unit, "_MACHINE", unit._MACHINE[1:])
    assert unit._key(body, head) not in have
    unit._machine.cache_clear()
