"""What lets a lost or old store do no harm: its lineage, the log of mail, traces in the books, recovery from both."""
