"""What people record about their customers, checked before it is filed: one noun, one module. Prints nothing."""
