"""Costly functions of short rows: computed in one loop over all entries of an array, row after row.

A compiler computes several numbers at once, and what is left at the end of a row one by one: of a row of 10 with 4 at
once, the last 2 take longer than the 8 before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from symgrad.codegen.native.elementary import VECTOR
from symgrad.codegen.native.nodes import Apply, Entry, Loop
from symgrad.codegen.native.statements import Lowering, Statement

LONG = 32  # entries from which what is left at the end of a row doesn't matter
AT_ONCE = 8  # numbers; a row of a multiple of these leaves none
WORTH = 64  # entries of the array


def flattened(lowering: Lowering, statements: list[Statement]) -> Iterator[Statement]:
    """The statements, those that are worth it with a loop of their own, and what they are functions of before them."""
    for statement in statements:
        body = statement.body
        if not _is_worth(statement) or not isinstance(body, Apply):
            yield statement
            continue
        (given,) = body.args
        if not (isinstance(given, Entry) and given.at == statement.at):
            name = lowering.fresh("t")
            lowering.arrays[name] = lowering.arrays[statement.array]
            yield Statement(name, statement.at, "set", (), given)
            given = Entry(name, statement.at)
        yield replace(statement, body=Apply(body.operation, (given,)), alone=True)


def _is_worth(statement: Statement) -> bool:
    body, at = statement.body, statement.at
    if statement.kind != "set" or not (isinstance(body, Apply) and body.operation in VECTOR and len(at) > 1):
        return False
    loops = [one for one in at if isinstance(one, Loop)]
    if len(set(loops)) < len(at):
        return False
    row = loops[-1].extent.value
    return row is not None and row < LONG and row % AT_ONCE != 0 and prod(one.extent.guess for one in loops) >= WORTH
