"""Xero: auth, client (the one seam to the SDK), read, write, mapping."""
