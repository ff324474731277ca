"""The matrix form of an index expression, as a textbook prints it."""
