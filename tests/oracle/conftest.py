# SPDX-License-Identifier: GPL-2.0-only
"""Drivers for the tests that need a compiler: made once, kept open, closed at the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from kvmplanes.model.series import ALL
from kvmplanes.oracle import MISSING, Driver, build, compilers, tree


@pytest.fixture(scope="session")
def compiler(need: Callable[[object, str], None]) -> None:
    """A compiler is here, or the test is skipped; with CI=true it fails."""
    need(compilers(), MISSING)


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what is compiled for the tests alone is kept: what edits leave alone is compiled once."""
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="session")
def driver(compiler: None) -> Iterator[Callable[..., Driver]]:  # noqa: ARG001 - asked for first
    """Return a function from a version's name, and a set of sanitizers, to a driver at work."""
    with ExitStack() as open_drivers:

        @cache
        def start(name: str, sanitizers: str = "address,undefined", **options: bool) -> Driver:
            return open_drivers.enter_context(Driver(build(tree(ALL[name]), sanitizers), **options))

        yield start
