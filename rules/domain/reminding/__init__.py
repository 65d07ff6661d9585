"""Writing to customers: which message is due, when it may go out, what keeps it back, and how it is made."""
