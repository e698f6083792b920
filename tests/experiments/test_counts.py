"""An experiment makes each fit once, and reads and prepares the bars once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pictureless import run_without_pictures
from small_experiments import make_config

from sk_ensemble.experiments import ExperimentConfig, _bars_source, _job
from sk_ensemble.experiments._bars_source import BarsSource

MODELS, HORIZONS, N_SPLITS = ["prior", "volatility"], [5, 10], 3


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count the fits by name, and what is done with the bars."""
    counts: Counter[str] = Counter()

    def noting(place: Any, name: str, key: Any = None) -> None:
        function = getattr(place, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            counts[name if key is None else key(*args)] += 1
            return function(*args, **kwargs)

        patch.setattr(place, name, noted)

    with pytest.MonkeyPatch.context() as patch:
        noting(_job, "run_fit", lambda pipeline, task, data: task.name)
        for name in ("load_bars", "bar_features"):
            noting(_bars_source, name)
        yield counts


def run(folder: Path) -> Counter[str]:
    config = make_config(
        folder, models=MODELS, horizons=HORIZONS, ensemble={"methods": []}
    )
    with counted() as counts:
        run_without_pictures(config)
    return counts


def test_each_fit_is_made_once_and_bars_are_read_once(tmp_path: Path) -> None:
    counts = run(tmp_path)
    parts = [*(f"fold {number}" for number in range(N_SPLITS)), "refit"]
    fits = {f"{m}_h{h} {part}" for m in MODELS for h in HORIZONS for part in parts}
    assert counts == dict.fromkeys([*fits, "load_bars", "bar_features"], 1)
    # The outcomes are stored: a second run of the same experiment fits nothing.
    assert run(tmp_path) == {"load_bars": 1, "bar_features": 1}


def times_read(config: ExperimentConfig) -> int:
    source = BarsSource(config.data, config.cv.embargo_size)
    with counted() as counts:
        for horizon in HORIZONS:
            source.samples(horizon)
    return counts["load_bars"]


def test_reading_again_for_every_horizon_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(tmp_path)
    assert times_read(config) == 1
    monkeypatch.setattr(BarsSource, "bars", property(BarsSource.bars.func))
    assert times_read(config) > len(HORIZONS)
