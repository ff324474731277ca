"""Data for a fit wherever it is kept: tables of other libraries, files, arrays on disk."""

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import InputError
from symgrad.training.data import number_array, read_data


@sg.model
def ridge(X: "n d", y: "n", w: "d"):
    yhat = X @ w
    L = sg.mean((yhat - y) ** 2)
    return L


COLUMNS = {"name": ["a", "b", "c"], "a": [1.0, 2.0, 4.0], "b": [3, 1, 2], "price": [5.0, 6.0, 9.0]}
MATRIX = np.array([[1.0, 3], [2, 1], [4, 2]])
START = {"w": np.zeros(2)}


def tables(folder):
    """The same table as each library holds it, and as files."""
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    frame = pandas.DataFrame(COLUMNS)
    frame.to_csv(folder / "data.csv", index=False)
    parquet.write_table(arrow.table(COLUMNS), folder / "data.parquet", row_group_size=2)
    return {
        "mapping": COLUMNS,
        "pandas": frame,
        "polars": polars.DataFrame(COLUMNS),
        "arrow": arrow.table(COLUMNS),
        "csv": folder / "data.csv",
        "parquet": str(folder / "data.parquet"),
        "records": frame.drop(columns="name").to_records(),
    }


def test_columns_make_a_matrix_wherever_they_are(tmp_path):
    for kind, table in tables(tmp_path).items():
        data = sg.columns(table, X=["a", "b"], y="price")
        np.testing.assert_array_equal(data["X"], MATRIX, err_msg=kind)
        assert data["y"].tolist() == COLUMNS["price"]
        run = sg.fit(ridge, data, START, learning_rate=0.01, epochs=2)
        assert run.params["w"] == pytest.approx(
            sg.fit(ridge, {"X": MATRIX, "y": COLUMNS["price"]}, START, learning_rate=0.01, epochs=2).params["w"]
        )


def test_a_matrix_that_is_missing_is_made_by_columns(tmp_path):
    (tmp_path / "data.csv").write_text("a,b,y\n1,2,3\n")
    with pytest.raises(InputError, match=r"X is neither in .*; sg\.columns makes a matrix of several columns"):
        sg.fit(ridge, tmp_path / "data.csv", START, learning_rate=0.1, epochs=1)


def test_a_table_is_data_by_the_names_of_its_columns(tmp_path):
    for kind, table in tables(tmp_path).items():
        if kind != "mapping":  # which may hold nothing else, so that a misspelt name is noticed
            assert read_data(table, ["a", "price"]).columns["a"].tolist() == [1, 2, 4], kind


def test_a_column_of_vectors_is_a_matrix(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"X": MATRIX.tolist(), "y": COLUMNS["price"]}), tmp_path / "v.parquet")
    np.testing.assert_array_equal(read_data(tmp_path / "v.parquet", ["X", "y"]).columns["X"], MATRIX)
    parquet.write_table(arrow.table({"X": [[1.0, 2.0], [3.0]]}), tmp_path / "ragged.parquet")
    with pytest.raises(InputError, match="X is ragged"):
        read_data(tmp_path / "ragged.parquet", ["X"])


def test_narrow_floats_stay_narrow():
    pandas = pytest.importorskip("pandas")
    narrow = pandas.DataFrame({"a": np.float32([1, 2]), "b": np.float32([3, 4])})
    assert sg.columns(narrow, X=["a", "b"])["X"].dtype == np.float32


def test_what_is_missing_or_no_number_is_said(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    file = tmp_path / "bad.parquet"
    parquet.write_table(arrow.table({"a": [1.0, None, None], "t": ["x", "y", "z"]}), file)
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    twice = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    cases = [
        (file, {"x": "a"}, r"a\[1\] is missing \(and 1 more\)"),
        (file, {"x": "t"}, "t holds|t.* is 'x', not a number"),
        (file, {"x": "b"}, "no column is called 'b'; it has a, t"),
        (tmp_path / "text.parquet", {"x": "a"}, "text.parquet: not a Parquet file"),
        (tmp_path / "none.parquet", {"x": "a"}, "none.parquet: the data can't be opened: No such file"),
        (twice, {"x": "a"}, "two columns are called 'a'"),
        (COLUMNS, {"X": ["a", "prize"]}, r"'prize' \(did you mean price\?\)"),
        (COLUMNS, {"X": []}, "makes no matrix"),
        ({"a": [1, 2], "b": [1]}, {"x": "a", "y": "b"}, "a has 2, b has 1|b has 1, a has 2"),
        ({"a": [[1], [2]]}, {"X": ["a"]}, r"a has shape \(2, 1\)"),
        (pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64")}), {"x": "a"}, r"a\[1\] is (nan|<NA>)"),
        (pandas.DataFrame({"a": pandas.to_datetime(["2024-01-01"])}), {"x": "a"}, "a holds dates"),
        (polars.DataFrame({"a": [1.0, None]}), {"x": "a"}, r"a\[1\] is nan"),
        (polars.LazyFrame({"a": [1.0]}), {"x": "a"}, r"give its collect\(\)"),
        (np.zeros((3, 2)), {"x": "a"}, "a ndarray has no columns by name"),
    ]
    for table, inputs, message in cases:
        with pytest.raises(InputError, match=message):
            sg.columns(table, **inputs)


def test_an_array_on_disk_is_neither_copied_nor_read_at_once(tmp_path):
    rows, width = 300_000, 4
    X = np.memmap(tmp_path / "X.bin", dtype=np.float32, mode="w+", shape=(rows, width))
    X[:] = np.arange(width)
    assert np.shares_memory(number_array(X, "X"), X)
    assert np.shares_memory(number_array(X[:, 1], "X"), X)  # strided
    X[200_000, 3] = np.nan
    X[299_999, 0] = np.inf
    with pytest.raises(InputError, match=r"X\[200000, 3\] is nan \(and 1 more\)"):
        number_array(X, "X")
    counts = np.memmap(tmp_path / "k.bin", dtype=np.uint8, mode="w+", shape=(rows, width))
    assert number_array(counts, "k").dtype == np.uint8


def test_arrays_on_disk_train_as_those_in_memory(tmp_path):
    rng = np.random.default_rng(0)
    table = np.memmap(tmp_path / "all.bin", dtype=np.float64, mode="w+", shape=(50, 3))
    table[:] = rng.normal(size=table.shape)
    disk = {"X": table[:, :2], "y": table[:, 2]}
    memory = {name: np.array(column) for name, column in disk.items()}
    for batch in (8, "full"):
        options = {"learning_rate": 0.1, "epochs": 3, "batch": batch}
        found = sg.fit(ridge, disk, START, **options).params["w"]
        np.testing.assert_allclose(found, sg.fit(ridge, memory, START, **options).params["w"], rtol=1e-12)
