"""A world for each test of a fault, and one forking process for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.world import Builder, Zygote


@pytest.fixture(scope="session")
def zygotes() -> Iterator[list[Zygote]]:
    started: list[Zygote] = []
    yield started
    for zygote in started:
        zygote.close()


@pytest.fixture
def build(tmp_path: Path, zygotes: list[Zygote]) -> Iterator[Builder]:
    def zygote() -> Zygote:
        if not zygotes:
            zygotes.append(Zygote())
        return zygotes[0]

    with Builder(tmp_path, zygote) as builder:
        yield builder
