from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.datasets import DatasetConfig, TimeSeriesDataset
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import Windows

FEATURES = ["ret", "volume"]


def slow_samples(path, length, horizon, *, drop_neutrals=False, symbols=None):
    """Apply the rule of the window one row at a time."""
    frame = pd.read_parquet(path)
    samples = []
    for symbol, own in frame.groupby("symbol"):
        if symbols is not None and symbol not in symbols:
            continue
        own = own.sort_values("datetime")
        for i in range(length, len(own)):
            label = own[f"label_h{horizon}"].iloc[i]
            if np.isnan(label) or (drop_neutrals and label == 0):
                continue
            window = own[FEATURES].iloc[i - length : i].to_numpy(np.float32)
            key = (own["datetime"].iloc[i], symbol)
            samples.append((key, window, int(label), own.index[i]))
    return sorted(samples, key=lambda sample: sample[0])


def assert_equals_slow_loop(got, expected):
    X, y, metadata = got
    assert isinstance(X, Windows)
    assert len(X) == len(expected) > 0
    np.testing.assert_array_equal(X.gather(), [window for _, window, _, _ in expected])
    np.testing.assert_array_equal(y, [label for _, _, label, _ in expected])
    assert list(zip(metadata["datetime"], metadata["symbol"], strict=True)) == [
        key for key, _, _, _ in expected
    ]
    assert metadata["index"].tolist() == [row for _, _, _, row in expected]


@pytest.mark.parametrize("split", ["train", "val", "test"])
@pytest.mark.parametrize(("length", "horizon"), [(1, 5), (7, 5), (12, 20)])
def test_every_sample_equals_the_slow_loop(splits, split, length, horizon):
    config = DatasetConfig(*splits.write(), sequence_length=length, horizon=horizon)
    got = TimeSeriesDataset(config).get_split(split)
    expected = slow_samples(splits.path(split), length, horizon)
    assert_equals_slow_loop(got, expected)
    assert got[0].shape == (len(expected), length, 2)
    assert got[0].complete.all()


def test_neutrals_are_left_out_of_training_only(splits):
    config = DatasetConfig(*splits.write(), sequence_length=5, exclude_neutrals=True)
    dataset = TimeSeriesDataset(config)
    for split in ("train", "val", "test"):
        expected = slow_samples(
            splits.path(split), 5, 5, drop_neutrals=split == "train"
        )
        assert_equals_slow_loop(dataset.get_split(split), expected)
    assert 0 not in dataset.get_split("train")[1]
    assert 0 in dataset.get_split("val")[1]


def test_only_the_included_symbols_are_read(splits):
    config = DatasetConfig(*splits.write(), sequence_length=5, include_symbols=["MGC"])
    got = TimeSeriesDataset(config).get_split("train")
    assert_equals_slow_loop(
        got, slow_samples(splits.path("train"), 5, 5, symbols=["MGC"])
    )
    assert set(got[2]["symbol"]) == {"MGC"}


def test_no_split_sees_a_row_of_another(splits):
    paths = splits.write()
    before = TimeSeriesDataset(DatasetConfig(*paths, sequence_length=5))
    expected = before.get_split("val")[0].gather()
    for split in ("train", "test"):
        frame = splits.frames[split]
        frame[FEATURES] = 0
    splits.write()
    after = TimeSeriesDataset(DatasetConfig(*paths, sequence_length=5))
    np.testing.assert_array_equal(after.get_split("val")[0].gather(), expected)
    assert not after.get_split("train")[0].gather().any()


def test_the_bar_itself_is_not_in_its_window(splits):
    paths = splits.write()
    X, _, metadata = TimeSeriesDataset(
        DatasetConfig(*paths, sequence_length=5)
    ).get_split("train")
    row = metadata["index"].iloc[3]
    splits.frames["train"].loc[row, "ret"] = 99.0
    splits.write()
    changed, _, _ = TimeSeriesDataset(
        DatasetConfig(*paths, sequence_length=5)
    ).get_split("train")
    np.testing.assert_array_equal(changed.gather([3]), X.gather([3]))
    assert (changed.gather() == 99.0).any()


def test_label_ends_travel_with_the_windows(splits):
    for frame in splits.frames.values():
        frame["label_end_h5"] = frame["datetime"] + pd.Timedelta("25min")
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    X, _, metadata = dataset.get_split("train")
    expected = metadata["datetime"] + pd.Timedelta("25min")
    np.testing.assert_array_equal(X.label_end, expected.dt.tz_localize(None).to_numpy())
    assert dataset.feature_names == FEATURES


def test_without_label_ends_the_windows_have_none(splits):
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    assert dataset.get_split("test")[0].label_end is None


def test_features_and_column_names_may_be_chosen(splits):
    for split, frame in splits.frames.items():
        splits.frames[split] = frame.rename(
            columns={"datetime": "ts", "symbol": "ticker"}
        )
    config = DatasetConfig(
        *splits.write(),
        sequence_length=3,
        features=["volume"],
        time="ts",
        symbol="ticker",
        dtype="float64",
    )
    X, _, metadata = TimeSeriesDataset(config).get_split("train")
    assert X.columns == ("volume",)
    assert X.dtype == np.float64
    assert list(metadata.columns) == ["datetime", "symbol", "index"]


def test_features_keep_the_order_of_the_training_file(splits):
    splits.frames["val"] = splits.frames["val"][
        sorted(splits.frames["val"].columns, reverse=True)
    ]
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    X, _, _ = dataset.get_split("val")
    assert list(X.columns) == dataset.feature_names == FEATURES


def test_an_index_written_by_pandas_is_no_feature(splits):
    paths = splits.write()
    for split, frame in splits.frames.items():
        frame.sort_values("datetime").to_parquet(splits.path(split))
    dataset = TimeSeriesDataset(DatasetConfig(*paths, sequence_length=5))
    assert dataset.feature_names == FEATURES
    assert_equals_slow_loop(
        dataset.get_split("val"),
        slow_samples_by_position(splits.path("val"), 5, 5),
    )


def slow_samples_by_position(path, length, horizon):
    """Do as `slow_samples`, for a file whose stored index is not the row number."""
    frame = pd.read_parquet(path).reset_index(drop=True)
    frame.to_parquet(path.with_suffix(".plain"))
    return slow_samples(path.with_suffix(".plain"), length, horizon)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_naive_times_of_any_unit_are_utc(splits, unit):
    expected = TimeSeriesDataset(
        DatasetConfig(*splits.write(), sequence_length=5)
    ).get_split("train")[2]
    for frame in splits.frames.values():
        frame["datetime"] = frame["datetime"].dt.tz_localize(None).dt.as_unit(unit)
    got = TimeSeriesDataset(
        DatasetConfig(*splits.write(), sequence_length=5)
    ).get_split("train")[2]
    pd.testing.assert_frame_equal(got, expected)


def test_missing_features_are_passed_on(splits):
    splits.frames["train"].loc[0, "ret"] = np.nan
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    assert np.isnan(dataset.get_split("train")[0].gather()).any()


def test_symbols_without_a_full_window_are_named(splits):
    frame = splits.frames["train"]
    splits.frames["train"] = frame.drop(
        frame.index[frame["symbol"] == "MGC"][:-10]
    ).assign(label_h5=1.0)
    config = DatasetConfig(*splits.write(), sequence_length=10, purged_upstream=True)
    dataset = TimeSeriesDataset(config)
    with pytest.warns(UserWarning, match=r"sequence_length=10 bars.*'MGC': 10"):
        _, _, metadata = dataset.get_split("train")
    assert set(metadata["symbol"]) == {"MES"}


def test_a_split_without_a_sample_is_refused_with_its_path(splits):
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=39))
    with pytest.raises(DataError, match=r"val \(.*val.parquet\): No sample is left"):
        dataset.get_split("val")


def test_an_unknown_split_is_refused(splits):
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    with pytest.raises(ValueError, match=r"\['train', 'val', 'test'\], got 'valid'"):
        dataset.get_split("valid")


def test_construction_validates(splits):
    splits.write()
    splits.path("test").unlink()
    with pytest.raises(DataError, match=r"test \(.*no such file"):
        TimeSeriesDataset(DatasetConfig(*splits.paths))


def test_a_file_that_is_spoilt_after_validation_is_refused_with_its_path(splits):
    dataset = TimeSeriesDataset(DatasetConfig(*splits.write(), sequence_length=5))
    splits.frames["val"].loc[3, "ret"] = np.inf
    splits.write()
    with pytest.raises(DataError, match=r"val \(.*'ret'"):
        dataset.get_split("val")
