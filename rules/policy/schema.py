"""The JSON Schema of a rules file, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.policy.modules import rule_modules
from rules.policy.resolve import pack_names

if TYPE_CHECKING:
    from pydantic import BaseModel


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one rules file. Nothing is required: a policy may inherit what it does not say."""
    from rules.policy.build import DisputesTable, LimitsTable, ReferenceTable  # noqa: PLC0415 - build imports this package
    from rules.policy.select import Select  # noqa: PLC0415 - same

    definitions: dict[str, Any] = {}
    rules = {
        name: _reference(module.Settings, name, definitions, whole=False) for name, module in rule_modules().items()
    }
    policy = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "extends": {"type": "string", "description": f"Another policy, or a pack: {', '.join(pack_names())}."},
            "without": {"type": "array", "items": {"enum": list(rules)}, "description": "Inherited rules left off."},
            **rules,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "syncd rules file",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "select": _reference(Select, "select", definitions),
            "policies": {"type": "object", "additionalProperties": policy},
            "credit_limits": _reference(LimitsTable, "credit_limits", definitions),
            "disputes": _reference(DisputesTable, "disputes", definitions),
            "references": {
                "type": "object",
                "additionalProperties": _reference(ReferenceTable, "references", definitions),
            },
        },
        "$defs": definitions,
    }


def _reference(model: type[BaseModel], name: str, definitions: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Put the model's schema among the definitions under `name` and point to it."""
    found = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    for inner, part in found.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = part
    if not whole:
        found.pop("required", None)
    definitions[name] = found
    return {"$ref": f"#/$defs/{name}"}
