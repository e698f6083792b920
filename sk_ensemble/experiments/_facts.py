"""What is compared, in sentences."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from sk_ensemble.experiments._assemble import Source
from sk_ensemble.experiments._bars_source import BarsSource
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.model_selection import describe_splits, embargo_days
from sk_ensemble.utils.text import one_line
from sk_ensemble.utils.time import format_ns

__all__ = ["experiment_facts"]

#: Share of the training rows above which an embargo is worth a warning.
_COSTLY_EMBARGO = 0.10

_PERIOD_NAMES = {"val": "Validation", "test": "Test"}


def _embargo_cost(samples: HorizonSamples, config: ExperimentConfig) -> str:
    """Say what the embargo is in days and what it costs; warn if it is much."""
    cv = config.cv.make_splitter()
    days = embargo_days(cv, samples.X)
    lengths = ", ".join(
        f"{days[name]:.1f} trading days of {one_line(name)}" for name in days.index
    )
    share = describe_splits(cv, samples.X)["embargoed_share"].max()
    if share > _COSTLY_EMBARGO:
        msg = (
            f"The embargo of {config.cv.embargo_size} bars takes up to {share:.0%} of "
            f"the training rows of a fold (horizon {samples.horizon}). Use fewer "
            "folds, a longer period or a smaller embargo_size."
        )
        warnings.warn(msg, UserWarning, stacklevel=4)
    return (
        f"embargo {config.cv.embargo_size} bars = {lengths} (at most {share:.1%} of a "
        "fold's training rows)"
    )


def _horizon_fact(samples: HorizonSamples, config: ExperimentConfig) -> str:
    cost = ""
    if config.cv.splitter != "walk_forward":
        cost = f", {_embargo_cost(samples, config)}"
    return f"Horizon {samples.horizon}: {len(samples.X)} training samples{cost}."


def _period_fact(name: str, samples: HorizonSamples) -> str:
    times = samples.periods[name].times_ns
    if times is None or not len(times):
        return f"{_PERIOD_NAMES[name]} period: no bars."
    return (
        f"{_PERIOD_NAMES[name]} period from {format_ns(times.min())} to "
        f"{format_ns(times.max())}, every bar."
    )


def _data_fact(source: Source, samples: HorizonSamples) -> str:
    history = samples.X.history
    names = ", ".join(map(one_line, history.symbol_names[:6]))
    more = ", ..." if len(history.symbol_names) > 6 else ""
    kind = "five-minute bars" if isinstance(source, BarsSource) else "training bars"
    return f"{names}{more}: {history.n_bars} {kind}, {history.n_features} features."


def experiment_facts(
    config: ExperimentConfig, source: Source, samples: Mapping[int, HorizonSamples]
) -> list[str]:
    """Say in sentences what is compared.

    Warns
    -----
    UserWarning
        If the embargo takes over a tenth of a fold's training rows.
    """
    first = next(iter(samples.values()))
    stride = config.data.stride
    thinned = f", every {stride}. time stamp" if stride > 1 else ""
    return [
        _data_fact(source, first),
        f"Training{thinned}: {config.cv.make_splitter()!r}.",
        *(_horizon_fact(part, config) for part in samples.values()),
        *(_period_fact(name, first) for name in PERIODS),
    ]
