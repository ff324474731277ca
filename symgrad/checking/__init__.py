"""Whole documents checked: every equation found, classified, and given a verdict."""

from symgrad.checking.check import check_document
from symgrad.checking.report import Report
from symgrad.checking.verify import verify

__all__ = ["Report", "check_document", "verify"]
