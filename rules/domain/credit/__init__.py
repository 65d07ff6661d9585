"""How far a customer is trusted: thresholds, limits looked at again, and applications scored."""
