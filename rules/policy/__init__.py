"""Rules files: TOML in, policies out. What is written is checked whole; what a rule makes of it is the rule's.

Every problem of every file is listed at once, as `FILE: [table.path] key: problem`.
"""

from __future__ import annotations

from rules.policy.build import PolicyRefused, load_policies, policies_of
from rules.policy.lint import lint, unwritten
from rules.policy.policies import Policies
from rules.policy.resolve import pack_names
from rules.policy.schema import schema

__all__ = ["Policies", "PolicyRefused", "lint", "load_policies", "pack_names", "policies_of", "schema", "unwritten"]
