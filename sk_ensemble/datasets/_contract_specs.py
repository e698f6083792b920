"""What one needs to know about the shipped contracts beside their prices."""

from __future__ import annotations

import pandas as pd

__all__ = ["contract_specs"]

_SPECS = {
    "AG": (1.0, 0.5e-4, "silver, SHFE"),
    "CU": (10.0, 0.5e-4, "copper, SHFE"),
    "IC": (0.2, 0.23e-4, "CSI 500 stock index, CFFEX"),
    "IF": (0.2, 0.23e-4, "CSI 300 stock index, CFFEX"),
}


def contract_specs() -> pd.DataFrame:
    """Return tick size, fee, time zone and session gap of the shipped symbols.

    Returns
    -------
    specs : DataFrame of shape (4, 5)
        One row per symbol, with the columns `tick` (price units), `fee` (fraction of
        the notional value, per side), `timezone` (IANA name of the exchange's zone),
        `session_gap` (a longer step between two bars starts a new session) and
        `description`.

    Notes
    -----
    Ticks are the exchanges'. Fees are assumptions of the size that the exchanges have
    typically charged for trades not closed on the same day: 0.23 basis points for IF
    and IC, 0.5 for AG and CU. They were changed many times in these years and brokers
    add their own, so replace them with yours before you believe a net profit.

    Within a session the stamps of consecutive bars are at most 2 hours 25 minutes
    apart, across a closing at least 6 hours 5 minutes, hence the gap of 4 hours.

    Examples
    --------
    >>> from sk_ensemble.datasets import contract_specs
    >>> contract_specs().loc["IF", ["tick", "fee", "timezone"]].to_dict()
    {'tick': 0.2, 'fee': 2.3e-05, 'timezone': 'Asia/Shanghai'}
    """
    specs = pd.DataFrame.from_dict(
        _SPECS, orient="index", columns=["tick", "fee", "description"]
    )
    specs.index.name = "symbol"
    specs.insert(2, "timezone", "Asia/Shanghai")
    specs.insert(3, "session_gap", "4h")
    return specs
