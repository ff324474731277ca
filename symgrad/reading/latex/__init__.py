"""Formulas in LaTeX, read as they are written: tokens, then a tree, then terms in the document's symbols."""
