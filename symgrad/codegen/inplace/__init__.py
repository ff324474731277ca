"""NumPy programs in place: one operation a line, each into a buffer that is allocated once."""
