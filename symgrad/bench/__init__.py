"""Measurements that symgrad makes of itself, beside its peers."""
