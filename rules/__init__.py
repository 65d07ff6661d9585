"""What we decide. Pure: no clock, no network, no store, no log.

A RULE is a plain module here with two names:

    Settings                                  a frozen pydantic model; every key documented in a collector's words
    decide(situation, settings) -> Iterator   yields decisions, `Skip(reason)` included; total: bad data is a Problem

Its module name is its table's name in a policy and the first part of every key it makes. Rules import the standard
library, pydantic and `rules.domain`; never each other. To add one: the module, and `tests/scenarios/<name>.toml`.
"""
