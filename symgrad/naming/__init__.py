"""Putting named quantities and known facts back, so that a derivation is short to read and cheap to compute."""
