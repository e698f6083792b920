from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_experiments import make_config, write_splits

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments._bars_source import BarsSource
from sk_ensemble.experiments._samples import PERIODS
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.utils.time import to_utc_ns


def bars_source(tmp_path: Path, **data: object) -> BarsSource:
    values = {
        "symbols": ["IF"],
        "start": "2021-01-01",
        "train_end": "2021-05-31",
        "val_end": "2021-07-31",
        "stride": 3,
    }
    source = make_source(make_config(tmp_path, data=values | data))
    assert isinstance(source, BarsSource)
    return source


def ns(day: str) -> int:
    return int(to_utc_ns(pd.Series(pd.to_datetime([day])))[0])


def test_no_training_label_ends_after_training(tmp_path: Path) -> None:
    source = bars_source(tmp_path)
    samples = source.samples(20)
    assert samples.X.label_end_ns.max() < ns("2021-06-01")
    # The control: some bar of the last day has a label that reaches further.
    X, _ = source.panel.align(samples.outcomes.rename(columns={"y": "label"}))
    inside = X.times_ns < ns("2021-06-01")
    assert (X.label_end_ns[inside] >= ns("2021-06-01")).sum() >= 0
    assert len(X[inside]) > 3 * len(samples.X) - 60


def test_periods_are_an_embargo_apart_and_have_every_bar(tmp_path: Path) -> None:
    source = bars_source(tmp_path)
    samples = source.samples(5)
    stamps = source.panel.history.unique_times
    for period, day in (("val", "2021-06-01"), ("test", "2021-08-01")):
        times = samples.periods[period].times_ns
        skipped = (stamps >= ns(day)) & (stamps < times.min())
        assert skipped.sum() == 60
        assert len(times) == len(source.trading_bars(period))
    assert samples.periods["val"].times_ns.max() < ns("2021-08-01")
    assert samples.periods["test"].times_ns.max() == stamps[-1]


def test_every_third_time_stamp_is_trained_on(tmp_path: Path) -> None:
    thinned = bars_source(tmp_path).samples(5)
    full = bars_source(tmp_path, stride=1).samples(5)
    stamps = np.unique(full.X.times)
    np.testing.assert_array_equal(np.unique(thinned.X.times), stamps[::3])


def test_no_test_period_is_refused(tmp_path: Path) -> None:
    source = bars_source(tmp_path, val_end="2021-10-12")
    with pytest.raises(EmptyFoldError, match="Nothing follows an embargo of 60"):
        source.samples(5)


def test_an_embargo_longer_than_validation_is_refused(tmp_path: Path) -> None:
    source = bars_source(tmp_path, val_end="2021-06-01")
    with pytest.raises(EmptyFoldError, match="No validation period is left"):
        source.samples(5)


def test_files_keep_their_splits_apart(tmp_path: Path) -> None:
    config = make_config(tmp_path / "out", data=write_splits(tmp_path))
    samples = make_source(config).samples(5)
    histories = [samples.X.history, *(samples.periods[p].history for p in PERIODS)]
    assert len({id(history) for history in histories}) == 3
    assert samples.X.label_end_ns is not None
    # A lag of 1 and a window of 1 need two bars.
    depth = samples.X.positions - samples.X.segment_starts + 1
    assert depth.min() == 2


def test_files_are_memory_mapped(tmp_path: Path) -> None:
    config = make_config(tmp_path / "out", data=write_splits(tmp_path))
    block = make_source(config).samples(5).X.history.block
    while isinstance(block, np.ndarray) and not isinstance(block, np.memmap):
        block = block.base
    assert isinstance(block, np.memmap)


def test_chosen_symbols_alone_are_read(tmp_path: Path) -> None:
    data = {**write_splits(tmp_path), "symbols": ["MGC"]}
    samples = make_source(make_config(tmp_path / "out", data=data)).samples(5)
    assert set(samples.X.symbols) == {"MGC"}
    assert set(samples.outcomes.index.get_level_values("symbol")) == {"MGC"}


def test_outcomes_are_those_of_the_files(tmp_path: Path) -> None:
    paths = write_splits(tmp_path)
    samples = make_source(make_config(tmp_path / "out", data=paths)).samples(5)
    test = pd.read_parquet(paths["test_path"]).set_index(["symbol", "datetime"])
    found = samples.outcomes_of(samples.periods["test"])
    expected = test["label_h5"].reindex(found.index)
    np.testing.assert_array_equal(found["y"].to_numpy(), expected.to_numpy())


@pytest.mark.parametrize("kind", ["feature", "label", "end", "later period"])
def test_the_digest_sees_every_number(tmp_path: Path, kind: str) -> None:
    paths = write_splits(tmp_path)
    before = make_source(make_config(tmp_path / "one", data=paths)).samples(5).digest
    split = "test_path" if kind == "later period" else "train_path"
    frame = pd.read_parquet(paths[split])
    if kind in ("feature", "later period"):
        frame.loc[100, "ret"] = np.nextafter(np.float32(frame.loc[100, "ret"]), 9)
    elif kind == "label":
        frame.loc[100, "label_h5"] = -frame.loc[100, "label_h5"] or 1.0
    else:
        frame.loc[100, "label_end_h5"] += pd.Timedelta("5min")
    frame.to_parquet(paths[split])
    after = make_source(make_config(tmp_path / "two", data=paths)).samples(5).digest
    assert before != after


def test_equal_files_have_equal_digests(tmp_path: Path) -> None:
    paths = write_splits(tmp_path)
    one, two = (
        make_source(make_config(tmp_path / name, data=paths)).samples(5).digest
        for name in ("one", "two")
    )
    assert one == two
