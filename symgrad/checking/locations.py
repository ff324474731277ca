"""Files as a service that shows findings beside the source wants them named."""

from __future__ import annotations

from pathlib import Path


def relative(file: str) -> str:
    """A file's path from the working directory, with slashes; where it lies elsewhere, as it was given.

    >>> relative("notes/post.md"), relative("/nowhere/post.md")
    ('notes/post.md', '/nowhere/post.md')
    """
    path, here = Path(file), Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
