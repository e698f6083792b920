from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sk_ensemble.datasets import DatasetConfig
from sk_ensemble.exceptions import ConfigError, DataError


def problems_of(splits, **settings):
    """Return the listed problems of the written splits."""
    config = DatasetConfig(*splits.write(), sequence_length=5, **settings)
    with pytest.raises(ValueError, match="problem") as caught:
        config.validate()
    head, *lines = str(caught.value).split("\n- ")
    assert head == f"{len(lines)} problem(s) with the dataset:"
    return lines


def only_problem_of(splits, **settings):
    lines = problems_of(splits, **settings)
    assert len(lines) == 1, lines
    return lines[0]


def test_sound_splits_have_no_problem(splits):
    DatasetConfig(*splits.write(), sequence_length=5).validate()
    DatasetConfig(*splits.write(), sequence_length=5, horizon=20).validate()


def test_a_config_cannot_be_changed(splits):
    config = DatasetConfig(*splits.paths)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.horizon = 20


def test_every_problem_is_reported_at_once(splits):
    splits.write()
    splits.path("train").unlink()
    splits.path("val").write_bytes(b"no parquet")
    frame = splits.frames["test"].drop(columns="label_h5")
    frame.to_parquet(splits.path("test"))
    config = DatasetConfig(
        *splits.paths, sequence_length=0, include_symbols=[], dtype="float16"
    )
    with pytest.raises(ConfigError) as caught:
        config.validate()
    text = str(caught.value)
    for part in (
        "6 problem(s)",
        "sequence_length must be an integer of at least 1, got 0",
        "include_symbols is empty",
        "dtype must be 'float32' or 'float64', got 'float16'",
        f"train ({splits.path('train')}): there is no such file",
        f"val ({splits.path('val')}): this is no readable parquet file",
        f"test ({splits.path('test')}): there are no columns ['label_h5']",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sequence_length": 2.0}, "sequence_length must be an integer"),
        ({"horizon": True}, "horizon must be an integer"),
        ({"max_values": 0}, "max_values must be an integer"),
        ({"exclude_neutrals": "no"}, "exclude_neutrals must be True or False"),
        ({"purged_upstream": 1}, "purged_upstream must be True or False"),
        ({"include_symbols": "MES"}, "include_symbols must be a list or None"),
        ({"include_symbols": ["MES", "MES"]}, r"names \['MES'\] more than once"),
        ({"features": []}, "features is empty"),
        ({"time": "symbol"}, "both name the column 'symbol'"),
    ],
)
def test_a_setting_out_of_range_is_a_config_error(splits, settings, message):
    config = DatasetConfig(*splits.write(), **settings)
    with pytest.raises(ConfigError, match=message):
        config.validate()


def test_paths_must_be_paths_of_different_files(splits):
    train, val, _ = splits.write()
    with pytest.raises(ConfigError, match="same file"):
        DatasetConfig(train, val, val.parent / "." / val.name).validate()
    with pytest.raises(ConfigError, match="test_path must be a str or Path, got None"):
        DatasetConfig(train, val, None).validate()


@pytest.mark.parametrize("keep", [0, 1, 0.5, -1])
def test_a_truncated_file_is_named(splits, keep):
    splits.write()
    data = splits.path("val").read_bytes()
    size = int(len(data) * keep) if isinstance(keep, float) else keep
    splits.path("val").write_bytes(data[:size])
    with pytest.raises(DataError, match=r"val \(.*val.parquet\)"):
        DatasetConfig(*splits.paths).validate()


def test_a_file_with_damaged_pages_is_named(splits):
    splits.write()
    data = bytearray(splits.path("val").read_bytes())
    data[4:3000] = bytes(2996)
    splits.path("val").write_bytes(data)
    with pytest.raises(DataError, match=r"val \(.*val.parquet\)"):
        DatasetConfig(*splits.paths).validate()


def test_a_file_without_rows_is_named(splits):
    splits.frames["val"] = splits.frames["val"][:0]
    assert "the file has no rows" in problems_of(splits)[0]


def test_size_is_capped_from_the_footer(splits, monkeypatch):
    splits.write()

    def read(*_, **__):
        raise AssertionError("columns were read")

    monkeypatch.setattr(pq.ParquetFile, "read", read)
    with pytest.raises(DataError, match=r"80 rows x 6 columns .* max_values=479"):
        DatasetConfig(*splits.paths, max_values=479).validate()
    with pytest.raises(AssertionError, match="columns were read"):
        DatasetConfig(*splits.paths, max_values=480).validate()


def test_missing_columns_are_named(splits):
    splits.frames["val"] = splits.frames["val"].drop(columns=["symbol", "label_h5"])
    text = only_problem_of(splits)
    assert "no columns ['symbol', 'label_h5']" in text
    assert "label_h20" in text


def test_a_missing_horizon_is_named_with_the_columns_there_are(splits):
    text = problems_of(splits, horizon=10)[0]
    assert "no columns ['label_h10']" in text
    assert "'label_h5', 'label_h20'" in text


def test_repeated_columns_are_named(splits):
    splits.write()
    table = pq.read_table(splits.path("val"))
    doubled = table.append_column("ret", table["ret"])
    pq.write_table(doubled, splits.path("val"))
    with pytest.raises(DataError, match=r"val .*columns \['ret'\] occur more than"):
        DatasetConfig(*splits.paths, sequence_length=5).validate()


def test_text_in_place_of_numbers_is_named_with_its_type(splits):
    for frame in splits.frames.values():
        frame["label_h5"] = frame["label_h5"].astype(str)
    lines = problems_of(splits)
    assert all("'label_h5' must hold numbers" in line for line in lines)
    assert "string" in lines[0]


@pytest.mark.parametrize("name", ["session", "is_open"])
def test_chosen_features_must_be_numbers(splits, name):
    lines = problems_of(splits, features=["ret", name])
    assert f"column '{name}' must hold numbers" in lines[0]


def test_unknown_features_are_named(splits):
    assert "no feature columns ['rsi']" in problems_of(splits, features=["rsi"])[0]


def test_a_file_without_features_is_refused(splits):
    for split, frame in splits.frames.items():
        splits.frames[split] = frame.drop(columns=["ret", "volume"])
    assert "is left as a feature" in problems_of(splits)[0]


def test_features_that_differ_between_splits_are_named(splits):
    frame = splits.frames["test"]
    splits.frames["test"] = frame.assign(ret=frame["ret"].astype(str), rsi=1.0).drop(
        columns="volume"
    )
    text = only_problem_of(splits)
    for part in ("'ret' (there as ", "'volume'", "has ['rsi'] beside", "test ("):
        assert part in text


def test_duplicate_bars_are_named_with_their_rows(splits):
    frame = splits.frames["val"]
    splits.frames["val"] = pd.concat([frame, frame[:1]], ignore_index=True)
    text = only_problem_of(splits)
    for part in ("1 duplicate", repr(frame["symbol"][0]), "0 and 80", "val ("):
        assert part in text


def test_missing_times_are_named(splits):
    splits.frames["val"].loc[7, "datetime"] = pd.NaT
    for symbols in (None, ["MES", "MGC"]):
        text = only_problem_of(splits, include_symbols=symbols)
        assert "'datetime' is missing in 1 rows, first row 7" in text


def test_times_that_are_text_are_refused(splits):
    frame = splits.frames["val"]
    splits.frames["val"] = frame.assign(datetime=frame["datetime"].astype(str))
    assert any("must hold time stamps" in line for line in problems_of(splits))


def test_naive_and_aware_files_are_refused_with_both_types(splits):
    frame = splits.frames["val"]
    frame["datetime"] = frame["datetime"].dt.tz_localize(None)
    text = only_problem_of(splits)
    assert "naive in some files and aware in others" in text
    assert "tz=UTC" in text
    assert str(splits.path("val")) in text


def test_symbols_that_are_not_there_are_named(splits):
    lines = problems_of(splits, include_symbols=["MES", "ES"])
    assert len(lines) == 3
    assert all("symbols ['ES']" in line for line in lines)
    assert any("['NQ']" in line for line in problems_of(splits, include_symbols=["NQ"]))


@pytest.mark.parametrize("value", [2.0, 0.5, np.inf])
def test_labels_that_are_no_class_are_named(splits, value):
    frame = splits.frames["train"]
    row = frame["label_h5"].first_valid_index()
    frame.loc[row, "label_h5"] = value
    text = only_problem_of(splits)
    assert f"'label_h5' is none of -1, 0, 1 in 1 row(s), the first is row {row}" in text
    assert repr(frame["symbol"][row]) in text


def test_a_split_without_labels_is_refused(splits):
    splits.frames["val"]["label_h5"] = np.nan
    assert "'label_h5' is missing in every row" in only_problem_of(splits)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_infinite_and_overflowing_features_are_named(splits, value):
    splits.frames["val"].loc[11, "ret"] = value
    text = only_problem_of(splits)
    for part in ("'ret'", "row 11", repr(splits.frames["val"]["symbol"][11]), "val ("):
        assert part in text


def test_large_values_are_fine_in_double_precision(splits):
    splits.frames["val"].loc[11, "ret"] = 1e39
    DatasetConfig(*splits.write(), dtype="float64").validate()


def test_faulty_features_of_other_symbols_do_not_matter(splits):
    frame = splits.frames["val"]
    frame.loc[frame.index[frame["symbol"] == "MGC"][0], "ret"] = np.inf
    assert problems_of(splits)
    DatasetConfig(*splits.write(), include_symbols=["MES"]).validate()


def test_splits_that_overlap_in_time_are_named(splits):
    last = splits.frames["train"]["datetime"].max()
    shift = splits.frames["val"]["datetime"].min() - last
    splits.frames["val"]["datetime"] -= shift
    text = only_problem_of(splits)
    assert "train and val overlap in time" in text
    assert text.count(str(last.tz_localize(None))) == 2
    splits.frames["val"]["datetime"] += pd.Timedelta("1us")
    DatasetConfig(*splits.write()).validate()


def test_splits_in_the_wrong_order_are_refused(splits):
    frames = splits.frames
    frames["train"], frames["test"] = frames["test"], frames["train"]
    lines = problems_of(splits)
    assert len(lines) == 2
    assert all("overlap in time" in line for line in lines)


def add_label_ends(splits):
    for frame in splits.frames.values():
        frame["label_end_h5"] = frame["datetime"] + pd.Timedelta("25min")


def test_a_label_that_ends_at_the_first_bar_of_the_next_split_is_refused(splits):
    add_label_ends(splits)
    DatasetConfig(*splits.write()).validate()
    frame = splits.frames["train"]
    row = frame["label_h5"].first_valid_index()
    first = splits.frames["val"]["datetime"].min()
    frame.loc[row, "label_end_h5"] = first
    text = only_problem_of(splits)
    assert "end at or after the first bar of val" in text
    assert f"1 row(s), the first is row {row}" in text
    frame.loc[row, "label_end_h5"] = first - pd.Timedelta("1us")
    DatasetConfig(*splits.write()).validate()


def test_a_proven_crossing_is_not_excused_by_purged_upstream(splits):
    add_label_ends(splits)
    splits.frames["val"]["label_end_h5"] += pd.Timedelta("30D")
    text = only_problem_of(splits, purged_upstream=True)
    assert "first bar of test" in text


def test_missing_and_backward_label_ends_are_named(splits):
    add_label_ends(splits)
    labelled = splits.frames["val"]["label_h5"].dropna().index
    splits.frames["val"].loc[labelled[0], "label_end_h5"] = pd.NaT
    splits.frames["val"].loc[labelled[1], "label_end_h5"] -= pd.Timedelta("1h")
    missing, backward = problems_of(splits)
    assert f"is missing in 1 row(s), the first is row {labelled[0]}" in missing
    assert f"before its bar in 1 row(s), the first is row {labelled[1]}" in backward


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_label_within_the_horizon_of_the_end_needs_a_voucher(splits, split):
    frame = splits.frames[split]
    row = frame[frame["symbol"] == "MGC"].sort_values("datetime").index[-5]
    frame.loc[row, "label_h5"] = 1.0
    text = only_problem_of(splits)
    for part in (split, f"row {row}", "'MGC'", "label_end_h5", "purged_upstream=True"):
        assert part in text
    DatasetConfig(*splits.write(), purged_upstream=True).validate()


def test_labels_up_to_the_end_of_the_last_split_are_fine(splits):
    splits.frames["test"]["label_h5"] = 1.0
    DatasetConfig(*splits.write()).validate()


def test_a_dictionary_encoded_symbol_is_read(splits):
    for split, frame in splits.frames.items():
        splits.frames[split] = frame.astype({"symbol": "category"})
    DatasetConfig(*splits.write(), include_symbols=["MES"]).validate()
    assert pa.types.is_dictionary(
        pq.read_schema(splits.path("val")).field("symbol").type
    )
