"""What keeps a lost or old store from doing harm: its lineage, the log of mail, and traces in the books."""
