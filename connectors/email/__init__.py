"""Our own SMTP: renders a message from its frozen operation and hands it over, at most once."""
