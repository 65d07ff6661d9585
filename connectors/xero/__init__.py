"""Xero: auth, client (the one seam to the SDK), read, write, mapping; beside them the nouns these share."""
