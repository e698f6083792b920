"""Look at the data of an experiment before anything is fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble.exceptions import ConfigError, DataError, EmptyFoldError
from sk_ensemble.experiments._assemble import Source
from sk_ensemble.experiments._facts import experiment_facts
from sk_ensemble.experiments._files_source import FilesSource
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.experiments._periods import period_problems
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments.config import ExperimentConfig, FilesSection
from sk_ensemble.panel import History, Panel
from sk_ensemble.registry import model_info
from sk_ensemble.utils.time import from_utc_ns

__all__ = ["DataCard", "card_of", "data_card"]

_FAULTS = (ConfigError, DataError, EmptyFoldError)


@dataclass(frozen=True, eq=False)
class DataCard:
    """Say what the data of an experiment is like.

    Attributes
    ----------
    symbols : DataFrame
        One row per symbol and file (``part``): ``n_bars``, ``first`` and ``last``,
        the usual step from bar to bar (``step``), and ``longest_pause``.
    periods : DataFrame
        One row per horizon and period: ``n_samples``, ``n_labelled``, ``first``,
        ``last``, and the share of each label.
    missing : Series
        Bars without a value, by the name of the feature, where there are any.
    facts : list of str
        Sizes, folds and embargo, in sentences.
    remarks : list of str
        What is no fault, but worth a thought.
    """

    symbols: pd.DataFrame
    periods: pd.DataFrame
    missing: pd.Series
    facts: list[str]
    remarks: list[str]


def _problems(step: Callable[[], Any]) -> Iterator[str]:
    """Yield what is wrong with a step, a list of problems one by one."""
    try:
        step()
    except _FAULTS as error:
        first, *rest = str(error).split("\n- ")
        yield from rest or [first]


def _raise_if_any(problems: Iterable[str]) -> None:
    """Raise one error that lists each problem once."""
    different = list(dict.fromkeys(problems))
    if different:
        count = "1 fault" if len(different) == 1 else f"{len(different)} faults"
        lines = "\n".join(f"- {problem}" for problem in different)
        msg = f"{count} in the data:\n{lines}"
        raise DataError(msg)


def _file_problems(config: ExperimentConfig) -> Iterator[str]:
    """Yield what is wrong with the files, at any horizon."""
    if isinstance(config.data, FilesSection):
        for horizon in config.horizons:
            yield from _problems(config.data.dataset_config(horizon).validate)


def _fold_problems(config: ExperimentConfig, samples: HorizonSamples) -> Iterator[str]:
    cv = config.cv.make_splitter()
    for problem in _problems(lambda: list(cv.split(samples.X, samples.y))):
        yield f"horizon {samples.horizon}: {problem}"


def _all_samples(
    config: ExperimentConfig, source: Source
) -> Mapping[int, HorizonSamples]:
    """Return the samples of every horizon, or raise everything that is wrong."""
    samples: dict[int, HorizonSamples] = {}
    problems: list[str] = []
    for horizon in config.horizons:

        def make(horizon: int = horizon) -> None:
            samples[horizon] = source.samples(horizon)

        problems += _problems(make)
    for part in samples.values():
        problems += _fold_problems(config, part)
        problems += period_problems(part)
    _raise_if_any(problems)
    return samples


def _symbol_rows(part: str, history: History) -> Iterator[dict[str, Any]]:
    bounds = zip(history.symbol_bounds[:-1], history.symbol_bounds[1:], strict=True)
    for name, (start, stop) in zip(history.symbol_names, bounds, strict=True):
        if history.times is None or start == stop:
            continue
        times = from_utc_ns(history.times[start:stop])
        steps = np.diff(times) if len(times) > 1 else np.array([np.timedelta64("NaT")])
        yield {
            "part": part,
            "symbol": name,
            "n_bars": int(stop - start),
            "first": times[0],
            "last": times[-1],
            "step": np.median(steps.astype("m8[s]").astype(np.int64)),
            "longest_pause": steps.max(),
        }


def _histories(source: Source, samples: HorizonSamples) -> dict[str, History]:
    """Return the different histories by the name of what they are for."""
    if not isinstance(source, FilesSource):
        return {"all": samples.X.history}
    return {name: panel.history for name, panel in source.panels.items()}


def _symbol_table(histories: Mapping[str, History]) -> pd.DataFrame:
    rows = [row for name, h in histories.items() for row in _symbol_rows(name, h)]
    table = pd.DataFrame(rows)
    table["step"] = pd.to_timedelta(table["step"], unit="s")
    return table


def _missing(histories: Mapping[str, History]) -> pd.Series:
    """Count the bars without a value, by feature."""
    total: pd.Series = pd.Series(dtype=np.int64)
    for history in histories.values():
        counts = np.zeros(history.n_features, dtype=np.int64)
        bounds = zip(history.symbol_bounds[:-1], history.symbol_bounds[1:], strict=True)
        for start, stop in bounds:
            counts += np.isnan(history.block[start:stop]).sum(axis=0)
        found = pd.Series(counts, index=list(history.columns or range(len(counts))))
        total = total.add(found, fill_value=0)
    total = total[total > 0].astype(np.int64)
    return total.sort_values(ascending=False)


def _share(labels: np.ndarray, label: int) -> float:
    return float(np.mean(labels == label)) if len(labels) else np.nan


def _period_row(
    samples: HorizonSamples, name: str, X: Panel, labels: np.ndarray
) -> dict[str, Any]:
    times = from_utc_ns(np.asarray(X.times_ns))
    known = labels[np.isfinite(labels)]
    return {
        "horizon": samples.horizon,
        "period": name,
        "n_samples": len(X),
        "n_labelled": len(known),
        "first": times.min() if len(times) else pd.NaT,
        "last": times.max() if len(times) else pd.NaT,
        **{f"share_{label}": _share(known, label) for label in LABELS},
    }


def _period_rows(samples: HorizonSamples) -> Iterator[dict[str, Any]]:
    yield _period_row(samples, "train", samples.X, samples.y.astype(np.float64))
    for name in PERIODS:
        X = samples.periods[name]
        labels = samples.outcomes_of(X)["y"].to_numpy(np.float64, na_value=np.nan)
        yield _period_row(samples, name, X, labels)


def _remarks(
    config: ExperimentConfig, periods: pd.DataFrame, missing: pd.Series
) -> Iterator[str]:
    """Yield what may make a fit fail or a figure meaningless."""
    strict = [m.key for m in config.models if not model_info(m.full_name).allows_nan]
    if len(missing) and strict:
        yield (
            f"{', '.join(strict)} cannot take missing values, and "
            f"{missing.index[0]!r} has {missing.iloc[0]} of them."
        )
    rare = periods[[f"share_{label}" for label in LABELS]].min(axis=1) < _RARE
    for row in periods[rare].itertuples():
        yield (
            f"A label of horizon {row.horizon} makes up less than {_RARE:.0%} of the "
            f"{row.period} period."
        )


#: Share below which a label hardly occurs.
_RARE = 0.01


def data_card(config: ExperimentConfig) -> DataCard:
    """Check the data of an experiment and say what it is like; nothing is fitted.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.

    Raises
    ------
    DataError
        If the data cannot be used; everything that is wrong is listed.

    Warns
    -----
    UserWarning
        If the embargo takes over a tenth of a fold's training rows.
    """
    _raise_if_any(_file_problems(config))
    source = make_source(config)
    return card_of(config, source, _all_samples(config, source))


def card_of(
    config: ExperimentConfig, source: Source, samples: Mapping[int, HorizonSamples]
) -> DataCard:
    """Say what samples are like that are there already, and were checked.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.
    source : Source
        Where the samples come from.
    samples : dict of HorizonSamples
        The samples of every horizon.

    Warns
    -----
    UserWarning
        If the embargo takes over a tenth of a fold's training rows.
    """
    histories = _histories(source, next(iter(samples.values())))
    periods = pd.DataFrame([r for part in samples.values() for r in _period_rows(part)])
    missing = _missing(histories)
    return DataCard(
        _symbol_table(histories),
        periods,
        missing,
        experiment_facts(config, source, samples),
        list(_remarks(config, periods, missing)),
    )
