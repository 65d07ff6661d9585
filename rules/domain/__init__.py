"""Vocabulary and arithmetic that rules share: money, days, facts, decisions, operations. Values only."""
