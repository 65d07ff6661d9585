"""What nobody else may read: files with secrets, the key that seals, the stored consents, and changing that key."""
