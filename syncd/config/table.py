"""What all tables of config.toml share: unknown keys are refused, and types are not guessed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of config.toml. Unknown keys are refused, types are not guessed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, arbitrary_types_allowed=True
    )
