"""The data set is the almanac's table, converted exactly."""

import csv
from decimal import Decimal
from importlib.resources import files

from symgrad.data import women


def rows():
    with files("symgrad.data").joinpath("women.csv").open() as table:
        return [{name: Decimal(value) for name, value in row.items()} for row in csv.DictReader(table)]


def test_metric_columns_are_the_almanacs_inches_and_pounds():
    for row in rows():
        assert row["height_cm"] == row["height_in"] * Decimal("2.54")
        assert row["weight_kg"] == (row["weight_lb"] * Decimal("0.45359237")).quantize(Decimal("0.01"))


def test_the_loader_returns_the_metric_columns():
    data = women()
    assert [Decimal(str(x)) for x in data["x"]] == [row["height_cm"] for row in rows()]
    assert [Decimal(str(y)) for y in data["y"]] == [row["weight_kg"] for row in rows()]
    assert len(data["x"]) == len(data["y"]) == 15
