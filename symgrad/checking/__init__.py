"""Whole documents checked: every equation found, classified, and given a verdict."""
