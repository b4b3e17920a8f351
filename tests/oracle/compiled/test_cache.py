# SPDX-License-Identifier: GPL-2.0-only
"""The cache of compiled C heals itself, and what goes wrong in it is said in the compiler's own words, or in ours."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kvmplanes.model.series import ALL
from kvmplanes.oracle import Driver, Scenario, build, tree
from kvmplanes.oracle.compiled.build import cache_folder

pytestmark = pytest.mark.usefixtures("compiler")
FILES = tree(ALL["09"])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def without_digest(path: Path) -> None:
    path.with_name(f"{path.name}.sha256").unlink()


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that is empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("home")))
        yield cache_folder()


def test_what_the_cache_has_serves_any_folder(cache: Path, tmp_path: Path) -> None:
    build(FILES, "none")
    changed = next(name for name in FILES if name.endswith("kvm_main.c"))
    driver = build({**FILES, changed: f"{FILES[changed]}\n// another\n"}, "none", folder=tmp_path)
    assert driver.parent == tmp_path
    assert len([*tmp_path.glob("*.o")]) == 1
    for path in cache.iterdir():
        path.unlink()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    build(FILES, "none", folder=folder)
    return folder


@pytest.mark.parametrize("suffix", ["", ".o"])
@pytest.mark.parametrize("harm", [emptied, cut, without_digest, Path.unlink])
def test_a_broken_file_of_the_cache_is_made_again(folder: Path, harm: Callable[[Path], None], suffix: str) -> None:
    driver = build(FILES, "none", folder=folder)
    before = driver.read_bytes()
    kept = next(path for path in sorted(folder.iterdir()) if path.suffix == suffix)
    harm(kept)
    if suffix:
        driver.unlink()  # a driver that is whole asks for no objects
    assert build(FILES, "none", folder=folder).read_bytes() == before
    with Driver(driver) as alive:
        assert alive.run(Scenario()).events


def test_nothing_is_compiled_twice(folder: Path) -> None:
    build(FILES, "none", folder=folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    build(FILES, "none", folder=folder)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("header", "again"),
    [
        ("include/uapi/linux/kvm.h", {"main.c", "virt/kvm/kvm_main.c", "virt/kvm/neighbours.c"}),
        ("log.h", {"fields.c", "log.c", "memory.c", "shim.c"}),
        ("shim.h", {name for name in FILES if name.endswith(".c")}),
    ],
)
def test_a_header_counts_for_what_includes_it(header: str, again: set[str], tmp_path: Path) -> None:
    build(FILES, "none", folder=tmp_path)
    before = len([*tmp_path.glob("*.o")])
    build({**FILES, header: f"{FILES[header]}// another\n"}, "none", folder=tmp_path)
    assert before == len([name for name in FILES if name.endswith(".c")])
    assert len([*tmp_path.glob("*.o")]) == before + len(again)


def test_a_linker_that_fails_is_heard(tmp_path: Path) -> None:
    declared = {name: text + "\nint nobody_defines_it(void);\nint asks(void) { return nobody_defines_it(); }\n"
                for name, text in FILES.items() if name.endswith("kvm_main.c")}  # fmt: skip
    assert declared
    with pytest.raises(RuntimeError, match=r"undefined reference to .nobody_defines_it"):
        build({**FILES, **declared}, "none", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.suffix not in (".o", ".sha256")] == []


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/kvmplanes"])
def test_a_cache_that_cannot_be_written_gets_one_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeError, match=r"compiled C is kept in .*, and there: .*; set XDG_CACHE_HOME to a folder"):
        build(FILES, "none", folder=tmp_path / folder)
