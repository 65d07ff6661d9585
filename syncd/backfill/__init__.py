"""One-off loads of years of history: from a provider (`load`) or from exported lists (`exported`). Reads only."""
