from __future__ import annotations

import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sk_ensemble import Panel
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import _from_parquet


@pytest.fixture
def path(frame, tmp_path):
    path = tmp_path / "bars.parquet"
    frame.assign(flag=frame["volume"] > 50).to_parquet(path)
    return path


@pytest.fixture
def cache_dir(tmp_path):
    return tmp_path / "cache"


def assert_same(one, other):
    for name in ("block", "times", "symbol_codes", "symbol_bounds", "segment_start"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.symbol_names.tolist() == other.symbol_names.tolist()
    assert one.columns == other.columns
    assert one.block.dtype == other.block.dtype


OPTIONS = {
    "defaults": {},
    "features": {"features": ["volume", "close"]},
    "one feature": {"features": "close"},
    "gaps": {"max_gap": "10min"},
    "float64": {"dtype": "float64"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cached", [False, True])
def test_a_file_gives_the_panel_of_its_frame(path, cache_dir, options, cached):
    expected = Panel.from_frame(pd.read_parquet(path), **options)
    folder = {"cache_dir": cache_dir} if cached else {}
    for _ in range(2):
        panel = Panel.from_parquet(path, **options, **folder)
        assert_same(panel.history, expected.history)
        np.testing.assert_array_equal(panel.positions, expected.positions)


def test_keys_may_have_other_names_or_be_a_stored_index(frame, tmp_path):
    expected = Panel.from_frame(frame)
    renamed = frame.rename(columns={"symbol": "ticker", "datetime": "stamp"})
    variants = [
        renamed,
        renamed.set_index(["ticker", "stamp"]),
        renamed.set_index("stamp"),
        renamed.set_axis(np.arange(len(frame)) * 2),
    ]
    for number, table in enumerate(variants):
        path = tmp_path / f"{number}.parquet"
        table.to_parquet(path)
        panel = Panel.from_parquet(path, time="stamp", symbol="ticker")
        assert_same(panel.history, expected.history)


def test_symbols_may_be_numbers(frame, tmp_path, cache_dir):
    path = tmp_path / "numbers.parquet"
    frame.assign(symbol=frame["symbol"].map({"A": 1, "B": 2, "C": 3})).to_parquet(path)
    panel = Panel.from_parquet(path, cache_dir=cache_dir)
    assert panel.history.symbol_names.tolist() == [1, 2, 3]


def test_nulls_and_decimals_become_floats(tmp_path):
    table = pa.table(
        {
            "symbol": ["A", "A"],
            "datetime": pa.array([0, 1], pa.timestamp("s")),
            "whole": pa.array([1, None], pa.int64()),
            "flag": pa.array([True, None]),
            "price": pa.array([1, None], pa.decimal128(10, 2)),
        }
    )
    pq.write_table(table, tmp_path / "nulls.parquet")
    values = Panel.from_parquet(tmp_path / "nulls.parquet").to_numpy()
    np.testing.assert_array_equal(values, [[1, 1, 1], [np.nan] * 3])


def test_cached_bars_are_a_memory_map(path, cache_dir):
    assert not isinstance(Panel.from_parquet(path).history.block, np.memmap)
    panel = Panel.from_parquet(path, cache_dir=cache_dir)
    assert isinstance(panel.history.block, np.memmap)
    assert not panel.history.block.flags.writeable
    assert isinstance(panel[2:5].history.block, np.memmap)


def test_the_cache_is_decoded_once(path, cache_dir, monkeypatch):
    Panel.from_parquet(path, cache_dir=cache_dir)
    monkeypatch.setattr(_from_parquet, "history_of_columns", None)
    Panel.from_parquet(path, cache_dir=cache_dir, max_gap="10min")
    with pytest.raises(TypeError):
        Panel.from_parquet(path, cache_dir=cache_dir, dtype="float64")


def test_other_content_under_the_same_name_is_decoded_again(path, cache_dir):
    Panel.from_parquet(path, cache_dir=cache_dir)
    bars = pd.read_parquet(path).assign(close=1.0)
    bars.to_parquet(path)
    panel = Panel.from_parquet(path, features=["close"], cache_dir=cache_dir)
    assert (panel.to_numpy() == 1).all()


def test_a_failed_decoding_leaves_nothing_behind(path, cache_dir):
    bars = pd.read_parquet(path)
    bars.loc[3, "close"] = np.inf
    bars.to_parquet(path)
    with pytest.raises(DataError, match="'close' has 1 infinite"):
        Panel.from_parquet(path, cache_dir=cache_dir)
    assert list(cache_dir.iterdir()) == []


def test_concurrent_readers_share_one_cache(path, cache_dir):
    with ThreadPoolExecutor(8) as pool:
        jobs = [
            pool.submit(Panel.from_parquet, path, cache_dir=cache_dir) for _ in range(8)
        ]
    expected = Panel.from_parquet(path)
    for job in jobs:
        assert_same(job.result().history, expected.history)
    assert len(list(cache_dir.iterdir())) == 1


def cut(file):
    os.truncate(file, file.stat().st_size - 8)


def grow(file):
    file.write_bytes(file.read_bytes() + b"12345678")


def remove(file):
    file.unlink()


def garble(file):
    file.write_bytes(b"\x00garbage" * 3)


@pytest.mark.parametrize("damage", [cut, grow, remove, garble])
@pytest.mark.parametrize("name", ["block.raw", "times.raw", "description.json"])
def test_a_damaged_cache_is_refused_and_names_the_folder(path, cache_dir, damage, name):
    Panel.from_parquet(path, cache_dir=cache_dir)
    (folder,) = cache_dir.iterdir()
    damage(folder / name)
    with pytest.raises(DataError, match="are damaged") as caught:
        Panel.from_parquet(path, cache_dir=cache_dir)
    assert str(folder) in str(caught.value)
    assert "Delete the folder" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"float32"', '"object"'),
        ('"columns"', '"column"'),
        ('"symbol_bounds": [0, ', '"symbol_bounds": [0, 900, '),
        ('"symbol_names": [', '"symbol_names": ["Z", '),
    ],
)
def test_a_cache_with_another_description_is_refused(path, cache_dir, old, new):
    Panel.from_parquet(path, cache_dir=cache_dir)
    (file,) = cache_dir.rglob("description.json")
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(DataError, match="are damaged"):
        Panel.from_parquet(path, cache_dir=cache_dir)


def test_cached_times_out_of_order_are_refused(path, cache_dir):
    Panel.from_parquet(path, cache_dir=cache_dir)
    (file,) = cache_dir.rglob("times.raw")
    np.fromfile(file, dtype=np.int64)[::-1].tofile(file)
    with pytest.raises(DataError, match="times are not in order"):
        Panel.from_parquet(path, cache_dir=cache_dir)


def test_a_disk_too_small_for_the_cache_is_refused(path, cache_dir, monkeypatch):
    usage = _from_parquet.shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(_from_parquet.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match="Choose another cache_dir"):
        Panel.from_parquet(path, cache_dir=cache_dir)


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("damage", [remove, cut, garble, lambda f: f.write_bytes(b"")])
def test_a_damaged_file_is_refused_by_name(path, cache_dir, damage, cached):
    damage(path)
    with pytest.raises(DataError, match=str(path)):
        Panel.from_parquet(path, cache_dir=cache_dir if cached else None)


def test_damaged_pages_are_refused_where_the_file_has_checksums(frame, tmp_path):
    path = tmp_path / "summed.parquet"
    frame.to_parquet(path, write_page_checksum=True, compression="none")
    content = bytearray(path.read_bytes())
    spot = content.find(frame["close"].iloc[0].tobytes())
    content[spot + 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="is damaged and cannot be read"):
        Panel.from_parquet(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        Panel.from_parquet(tmp_path)


def test_missing_columns_are_refused_with_the_names_there_are(path):
    with pytest.raises(DataError, match=r"Unknown feature columns \['vwap'\].*close"):
        Panel.from_parquet(path, features=["close", "vwap"])
    with pytest.raises(DataError, match=r"has no columns \['stamp'\].*datetime"):
        Panel.from_parquet(path, time="stamp")


def test_features_that_are_no_numbers_are_refused_before_reading(
    path, monkeypatch, tmp_path
):
    bars = pd.read_parquet(path)
    bars.assign(venue="CME", kind=bars["datetime"]).to_parquet(
        tmp_path / "text.parquet"
    )
    monkeypatch.setattr(_from_parquet, "_read", None)
    with pytest.raises(DataError, match=r"'venue' \(.*string\), 'kind' \(timestamp"):
        Panel.from_parquet(tmp_path / "text.parquet")


def test_only_the_needed_columns_are_read(path, monkeypatch):
    asked = []

    def read(file, path, columns):
        asked.extend(columns)
        return file.read(columns=columns)

    monkeypatch.setattr(_from_parquet, "_read", read)
    Panel.from_parquet(path, features=["close"])
    assert sorted(asked) == ["close", "datetime", "symbol"]


@pytest.mark.parametrize("cached", [False, True])
def test_faults_in_the_content_name_the_file_too(path, cache_dir, cached):
    bars = pd.read_parquet(path)
    bars.loc[3, "close"] = np.inf
    bars.to_parquet(path)
    with pytest.raises(DataError) as caught:
        Panel.from_parquet(path, cache_dir=cache_dir if cached else None)
    for part in (str(path), "'close'", "row 3", f"symbol {bars['symbol'][3]!r}"):
        assert str(caught.value).count(part) == 1


def test_a_system_that_does_not_tell_its_memory_has_no_limit(path, monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert len(Panel.from_parquet(path))


def test_a_file_without_rows_is_refused(path):
    pd.read_parquet(path).iloc[:0].to_parquet(path)
    with pytest.raises(DataError, match="has no rows"):
        Panel.from_parquet(path)


def constant_table(n_rows):
    """Return a table that is tiny in a file: one value per column."""
    return pa.table(
        {
            "symbol": pa.array(["A"]).take(pa.array(np.zeros(n_rows, dtype=np.int64))),
            "datetime": pa.array(np.zeros(n_rows, dtype="datetime64[ns]")),
            "close": pa.array(np.zeros(n_rows)),
        }
    )


def test_a_bomb_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    n_rows = 300_000
    pq.write_table(constant_table(n_rows), path, compression="zstd")
    assert path.stat().st_size < n_rows / 10
    monkeypatch.setattr(_from_parquet, "_physical_memory", lambda: n_rows * 70)
    monkeypatch.setattr(_from_parquet, "_read", None)
    with pytest.raises(DataError, match=f"declares {n_rows} rows"):
        Panel.from_parquet(path)
    monkeypatch.setattr(_from_parquet, "_physical_memory", lambda: n_rows * 80)
    with pytest.raises(TypeError, match="NoneType"):
        Panel.from_parquet(path)


def test_a_bomb_of_symbols_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    table = constant_table(1).set_column(0, "symbol", pa.array(["A" * 5_000_000]))
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(_from_parquet, "_physical_memory", lambda: 4_000_000)
    with pytest.raises(DataError, match="of memory"):
        Panel.from_parquet(path)


def test_a_repeated_long_symbol_is_read_once(tmp_path):
    path = tmp_path / "long.parquet"
    table = constant_table(2_000)
    symbols = pa.array(["A" * 100_000]).take(pa.array(np.zeros(2_000, dtype=np.int64)))
    times = pa.array(np.arange(2_000).astype("datetime64[s]"))
    table = table.set_column(0, "symbol", symbols).set_column(1, "datetime", times)
    pq.write_table(table, path)
    pool = pa.default_memory_pool()
    before = pool.max_memory()
    assert len(Panel.from_parquet(path)) == 2_000
    assert pool.max_memory() - before < symbols.nbytes / 2


def test_reading_takes_little_more_memory_than_the_block(tmp_path):
    n_bars = 30_000
    columns = {f"feature_{number}": np.zeros(n_bars) for number in range(30)}
    times = pd.date_range("2020", periods=n_bars, freq="5min")
    path = tmp_path / "wide.parquet"
    pd.DataFrame({"symbol": "A", "datetime": times, **columns}).to_parquet(path)
    tracemalloc.start()
    panel = Panel.from_parquet(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.8 * panel.history.block.nbytes
