"""The article that symgrad was made for, written by symgrad: the page, its pictures, and a check of every number."""

from symgrad.article.report import Checked, Report
from symgrad.article.write import write_article

__all__ = ["Checked", "Report", "write_article"]
