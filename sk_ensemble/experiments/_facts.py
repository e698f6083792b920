"""What is compared, in sentences."""

from __future__ import annotations

import warnings

from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._data import HorizonData, MarketData
from sk_ensemble.experiments._models import make_splitter
from sk_ensemble.model_selection import describe_splits, embargo_days
from sk_ensemble.utils.time import format_ns

__all__ = ["comparison_facts"]

#: Share of the training rows above which an embargo is worth a warning.
_COSTLY_EMBARGO = 0.10


def _embargo_facts(data: HorizonData, config: ComparisonConfig) -> str:
    """Say what the embargo is in days and what it costs; warn if it is much."""
    cv = make_splitter(config)
    days = embargo_days(cv, data.X)
    lengths = ", ".join(
        f"{days[name]:.1f} trading days of {name}" for name in days.index
    )
    share = describe_splits(cv, data.X)["embargoed_share"].max()
    if share > _COSTLY_EMBARGO:
        msg = (
            f"The embargo of {config.embargo_size} bars takes up to {share:.0%} of the "
            f"training rows of a fold (horizon {data.horizon}). Use fewer folds, a "
            "longer period or a smaller embargo_size."
        )
        warnings.warn(msg, UserWarning, stacklevel=4)
    return (
        f"Horizon {data.horizon}: {len(data.X)} development samples, embargo "
        f"{config.embargo_size} bars = {lengths} (at most {share:.1%} of a fold's "
        "training rows)."
    )


def comparison_facts(
    market: MarketData, data: dict[int, HorizonData], config: ComparisonConfig
) -> list[str]:
    """Say in sentences what is compared."""
    stamps = market.panel.history.unique_times
    return [
        f"{', '.join(config.symbols)}: {len(market.bars)} five-minute bars from "
        f"{config.start}, {market.panel.shape[1]} features.",
        f"Development to {config.development_end}, every {config.stride}. time stamp, "
        f"{config.n_splits} purged folds (purge {config.purged_size} bars).",
        f"Test period from {format_ns(market.test_start)} to {format_ns(stamps[-1])}, "
        f"every bar, opened once.",
        *(_embargo_facts(part, config) for part in data.values()),
    ]
