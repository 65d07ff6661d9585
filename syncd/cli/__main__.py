"""`python -m syncd.cli` is the same as `syncd`."""

from __future__ import annotations

from syncd.cli import main

main()
