"""Generated C: a model's equations and its adjoints as loops and matrix products, compiled for this machine."""
