"""A folder of book files or CSV exports as a source; write-backs become an outbox file."""
