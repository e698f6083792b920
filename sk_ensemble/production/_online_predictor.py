"""Predict bar by bar, as the bars of many symbols come in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.experiments import PredictionOutput
from sk_ensemble.panel import History, Panel
from sk_ensemble.production._drift import Drift
from sk_ensemble.production._online_bar import BarReader
from sk_ensemble.production._online_snapshot import SNAPSHOT, plain_symbol
from sk_ensemble.production._online_symbol import SymbolState
from sk_ensemble.production._predict_chunks import refuse_missing
from sk_ensemble.production._predict_model import served_model
from sk_ensemble.production._ring import Ring
from sk_ensemble.utils.time import format_ns, from_utc_ns, timedelta_ns

__all__ = ["OnlinePredictor"]

_OLD = ("ignore", "error")


def _checked(value: Any, name: str, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        msg = f"{name} must be one of {list(allowed)}, got {value!r}."
        raise DataError(msg)
    return value


class OnlinePredictor:
    """Predict each bar as it comes in, from the last bars of its symbol.

    The predictions are those of `predict` on a frame of the same bars, bit for bit.

    Parameters
    ----------
    model : estimator, str, path-like or ModelVersion
        As in `predict`.
    training : Panel, DataFrame or None, default=None
        The samples that the model was trained on, for `drift`.
    on_old : {"ignore", "error"}, default="ignore"
        What to do with a bar that is not later than the last one of its symbol.
        Such a bar never changes what is remembered: predictions have been made from
        it. ``"ignore"`` counts it and predicts nothing; ``"error"`` raises, unless it
        is a repetition with equal values.
    max_symbols : int, default=10000
        Symbols that may come in; one more is refused, so that memory is bounded.
    features : list of str or None, default=None
        Names of the features in the order of fit, as in `predict`.
    horizon : int or None, default=None
        Bars ahead, for the output, as in `predict`.
    min_history : int or None, default=None
        Bars that a symbol needs to be predicted; None: as many as fill the window.
    max_gap : str, Timedelta or None, default=None
        A longer step between two bars of a symbol starts a new segment.
    dtype : {"float32", "float64"}, default="float32"
        Type of the features, as in the panel of training.
    time : str, default="datetime"
        Name of the time in a bar.

    Attributes
    ----------
    features : tuple of str
        Names that a bar needs beside its time.
    n_bars_kept : int
        Bars remembered per symbol.

    Raises
    ------
    DataError
        If model, features or parameters cannot be used.

    See Also
    --------
    predict : The same for a frame.
    OnlineBarFeatures : Makes the features of `bar_features` bar by bar.

    Notes
    -----
    Rules for the bars of a symbol:

    - Later than the last one: it is taken, whatever the step between them. After a
      step longer than `max_gap` the earlier ones are forgotten.
    - The same time and values as one that is remembered (*repeated*): nothing happens.
    - The same time and other values (*changed*), or a time before the last one
      (*late*): see `on_old`. `status` counts both. A feed that corrects bars
      should be let in after its corrections, or be warmed up anew.
    - A value that is infinite or no number: an error, and the bar is not taken.

    Symbols do not influence each other, and the order between them is of no
    importance. An object serves one thread at a time.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, Windower, create
    >>> from sk_ensemble.datasets import load_bars
    >>> from sk_ensemble.labeling import fixed_horizon_labels
    >>> from sk_ensemble.production import OnlinePredictor
    >>> bars = load_bars(symbols=["IF"], start="2021-09")
    >>> panel = Panel.from_frame(bars, features=["open", "close"])
    >>> X, y = panel.align(fixed_horizon_labels(bars, horizon=5))
    >>> model = make_pipeline(Windower(3), create("xgboost", n_estimators=5)).fit(X, y)
    >>> online = OnlinePredictor(model, horizon=5)
    >>> online.warm_up(bars[:-1])
    >>> output = online.update("IF", bars.iloc[-1])
    >>> output.predictions.shape, bool(output.timestamps[0] == X.times.max())
    ((1,), False)
    >>> online.update("IF", bars.iloc[-1]) is None
    True
    >>> online.status().loc["IF", ["n_bars", "n_repeated"]].tolist()
    [4, 1]
    """

    def __init__(
        self,
        model: Any,
        *,
        training: Panel | pd.DataFrame | None = None,
        on_old: str = "ignore",
        max_symbols: int = 10_000,
        features: Sequence[str] | None = None,
        horizon: int | None = None,
        min_history: int | None = None,
        max_gap: Any = None,
        dtype: Any = "float32",
        time: str = "datetime",
    ) -> None:
        self._served = served_model(
            model,
            features=features,
            horizon=horizon,
            min_history=min_history,
            max_gap=max_gap,
            dtype=dtype,
        )
        self._on_old = _checked(on_old, "on_old", _OLD)
        self._max_symbols = max_symbols
        self._time = time
        self._reader = BarReader(self.features, self._served.dtype, time=time)
        self._gap_ns = (
            None if max_gap is None else timedelta_ns(max_gap, name="max_gap")
        )
        self._states: dict[Any, SymbolState] = {}
        self._drift = None if training is None else self._learn_drift(training)

    @property
    def features(self) -> tuple[str, ...]:
        """Names that a bar needs beside its time."""
        return self._served.features

    @property
    def n_bars_kept(self) -> int:
        """Bars remembered per symbol."""
        return self._served.n_kept

    @property
    def n_bytes(self) -> int:
        """Memory of the bars that are remembered."""
        return sum(state.ring.n_bytes for state in self._states.values())

    def __repr__(self) -> str:
        kind = type(self._served.model).__name__
        return f"OnlinePredictor({kind}, {len(self._states)} symbols)"

    def _learn_drift(self, training: Panel | pd.DataFrame) -> Drift:
        if isinstance(training, pd.DataFrame):
            refuse_missing(list(training.columns), self.features)
            training = Panel.from_frame(
                training,
                features=list(self.features),
                time=self._time,
                dtype=self._served.dtype,
            )
        if training.columns is not None and training.columns != self.features:
            msg = (
                f"The training panel has the features {list(training.columns)}, the "
                f"model was fitted on {list(self.features)}. Pass the panel of fit."
            )
            raise DataError(msg)
        drift = Drift.of_training(training)
        drift.features = self.features
        return drift

    def update(
        self, symbol: Any, bar: Mapping[str, Any] | pd.Series
    ) -> PredictionOutput | None:
        """Take the next bar of a symbol and predict it.

        Parameters
        ----------
        symbol : str or int
            Its symbol.
        bar : mapping or Series
            The time of the bar, naive ones meaning UTC, and all features by name;
            others are left alone.

        Returns
        -------
        output : PredictionOutput or None
            One row; None while the symbol has too few bars, and for a bar that is not
            taken.

        Raises
        ------
        DataError
            If something is missing, infinite or no number, if there are too many
            symbols, or the bar is old under ``on_old="error"``. The bar is not taken.
            Also what the model raises, of missing values for one; the bar is taken
            then, as it is part of the history.
        """
        time, values = self._reader.read(symbol, bar)
        state = self._state_of(symbol)
        last = state.last_time
        if last is not None and time <= last:
            self._count_old(symbol, state, time, values)
            return None
        self._take(state, time, values)
        if self._drift is not None:
            self._drift.count(values)
        if len(state.ring) < self._served.min_history:
            return None
        return self._predict(state)

    def _state_of(self, symbol: Any) -> SymbolState:
        state = self._states.get(symbol)
        if state is not None:
            return state
        self._refuse_too_many([symbol])
        ring = Ring(self._served.n_kept, len(self.features), self._served.dtype)
        names = np.empty(1, dtype=object)
        names[0] = symbol
        state = self._states[symbol] = SymbolState(ring, names)
        return state

    def _refuse_too_many(self, new: Sequence[Any]) -> None:
        if len(self._states) + len(new) > self._max_symbols:
            msg = (
                f"With {list(new)[:5]} there are {len(self._states) + len(new)} "
                f"symbols, above max_symbols={self._max_symbols}. Raise it, or "
                "look why so many symbols come in."
            )
            raise DataError(msg)

    def _count_old(
        self, symbol: Any, state: SymbolState, time: int, values: FloatArray
    ) -> None:
        """Count a bar that is not later than the last one, or raise."""
        kind = state.kind_of_old(time, values)
        if kind != "repeated" and self._on_old == "error":
            msg = (
                f"The bar of symbol {symbol!r} at {format_ns(time)} is {kind}: the "
                f"last one is at {format_ns(int(state.ring.times[-1]))}. It is not "
                "taken. Use on_old='ignore' to count such bars only."
            )
            raise DataError(msg)
        setattr(state, f"n_{kind}", getattr(state, f"n_{kind}") + 1)

    def _take(self, state: SymbolState, time: int, values: FloatArray) -> None:
        last = state.last_time
        if self._gap_ns is not None and last is not None and time - last > self._gap_ns:
            state.ring.clear()
        state.ring.append(time, values)
        state.n_bars += 1

    def _predict(self, state: SymbolState) -> PredictionOutput:
        """Predict the last bar of a symbol."""
        n_bars = len(state.ring)
        history = History(
            # Copies: what is handed out must not change when the next bar comes.
            block=state.ring.values.copy(),
            times=state.ring.times.copy(),
            symbol_codes=np.zeros(n_bars, dtype=np.int32),
            symbol_names=state.names,
            symbol_bounds=np.array([0, n_bars], dtype=np.int64),
            segment_start=np.zeros(n_bars, dtype=np.int64),
            columns=self.features,
        )
        sample = Panel(history, np.array([n_bars - 1]))
        return self._served.output(sample, history.stamps[-1:], state.names.copy())

    def warm_up(self, frame: pd.DataFrame) -> None:
        """Take earlier bars without predicting them.

        Parameters
        ----------
        frame : DataFrame of n_bars rows
            Bars in any order, with the symbol in a column or index level ``symbol``.
            Bars of a symbol that has some already must be later than these.

        Raises
        ------
        DataError
            If bars cannot be used or come too late; nothing is taken then.
        """
        refuse_missing(list(frame.columns), self.features)
        history = Panel.from_frame(
            frame,
            features=list(self.features),
            time=self._time,
            dtype=self._served.dtype,
        ).history
        bounds = history.symbol_bounds
        self._refuse_known(history)
        new = [name for name in history.symbol_names if name not in self._states]
        self._refuse_too_many(new)
        for number, symbol in enumerate(history.symbol_names):
            state = self._state_of(symbol)
            # The bars before these would be forgotten anyway.
            first = max(bounds[number], bounds[number + 1] - self.n_bars_kept)
            for row in range(first, bounds[number + 1]):
                self._take(state, int(history.stamps[row]), history.block[row])

    def _refuse_known(self, history: History) -> None:
        """Raise if bars to warm up with are not later than known ones."""
        for number, symbol in enumerate(history.symbol_names):
            state = self._states.get(symbol)
            first = int(history.stamps[history.symbol_bounds[number]])
            last = None if state is None else state.last_time
            if last is not None and first <= last:
                msg = (
                    f"The bars of symbol {symbol!r} begin at {format_ns(first)}, and "
                    f"one at {format_ns(last)} is known already. Nothing is taken. "
                    "Leave known bars out, or warm up a new OnlinePredictor."
                )
                raise DataError(msg)

    def status(self) -> pd.DataFrame:
        """Return one row per symbol.

        Returns
        -------
        status : DataFrame
            Index ``symbol``; ``last_bar`` (UTC), ``is_ready`` (whether the next bar
            is predicted, if no gap comes before it), ``n_bars`` taken (of a
            warm-up those that are remembered), ``n_repeated``, ``n_changed`` and
            ``n_late`` that were not.
        """
        states = list(self._states.values())
        times = [int(state.ring.times[-1]) for state in states]
        counts = {
            name: [getattr(state, name) for state in states]
            for name in SymbolState.COUNTS
        }
        needed = self._served.min_history - 1
        stamps = from_utc_ns(np.array(times, dtype=np.int64))
        return pd.DataFrame(
            {
                "last_bar": pd.DatetimeIndex(stamps).tz_localize("UTC"),
                "is_ready": [len(state.ring) >= needed for state in states],
                **counts,
            },
            index=pd.Index([state.names[0] for state in states], name="symbol"),
        )

    def drift(self, *, reset: bool = False) -> pd.DataFrame:
        """Compare the features of the bars that came in with those of training.

        Parameters
        ----------
        reset : bool, default=False
            Begin to count anew afterwards.

        Returns
        -------
        report : DataFrame
            One row per feature, the one that has moved most first: ``feature``,
            ``n_bars``, the shares ``below`` and ``above`` all of training and
            ``missing``, and ``stability_index``, the population stability index over
            the deciles of training. It is usual to look from 0.1 on, and to act from
            0.25.

        Raises
        ------
        DataError
            If no training samples were given.
        """
        if self._drift is None:
            msg = (
                "There is nothing to compare the bars with. Pass the samples that the "
                "model was trained on: OnlinePredictor(model, training=X)."
            )
            raise DataError(msg)
        report = self._drift.report()
        if reset:
            self._drift.reset()
        return report

    def snapshot(self, path: str | os.PathLike[str]) -> None:
        """Write all that is remembered to a file, in place of an older one.

        Parameters
        ----------
        path : str or path-like
            The file: arrays and JSON, no pickle. The model is not in it.

        Raises
        ------
        DataError
            If a symbol is neither a text nor a whole number.
        """
        states = list(self._states.values())
        symbols = [plain_symbol(state.names[0]) for state in states]
        arrays = {
            "lengths": np.array([len(state.ring) for state in states], dtype=np.int64),
            "times": np.concatenate(
                [np.empty(0, np.int64), *(state.ring.times for state in states)]
            ),
            "values": np.concatenate(
                [
                    np.empty((0, len(self.features)), self._served.dtype),
                    *(state.ring.values for state in states),
                ]
            ),
            "counts": np.array(
                [[getattr(s, name) for name in SymbolState.COUNTS] for s in states],
                dtype=np.int64,
            ).reshape(-1, len(SymbolState.COUNTS)),
        }
        if self._drift is not None:
            arrays["drift_edges"] = self._drift.edges
            arrays["drift_expected"] = self._drift.expected
            arrays["drift_counts"] = self._drift.counts
        SNAPSHOT.write(Path(path), {**self._settings(), "symbols": symbols}, arrays)

    def _settings(self) -> dict[str, Any]:
        """Return what must be the same where a snapshot is taken up again."""
        return {
            "features": list(self.features),
            "n_kept": self.n_bars_kept,
            "max_gap_ns": self._gap_ns,
            "dtype": self._served.dtype.name,
            "model": type(self._served.model).__name__,
        }

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Go on where a snapshot was taken, in place of what is remembered.

        Parameters
        ----------
        path : str or path-like
            A file that `snapshot` has written, of a predictor with the same features,
            windows and settings.

        Raises
        ------
        PersistenceError
            If it is missing, damaged, or of another predictor. Nothing has changed
            then.
        """
        facts, arrays = SNAPSHOT.read(Path(path))
        own = self._settings()
        other = {name: facts.get(name) for name in own if facts.get(name) != own[name]}
        if other:
            here = {name: own[name] for name in other}
            msg = f"{path} is of another predictor: it has {other}, here is {here}."
            raise PersistenceError(msg)
        try:
            states, drift = self._restored(facts, arrays)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            msg = f"{path} does not fit together: {error}. Warm up from bars instead."
            raise PersistenceError(msg) from error
        self._states = states
        self._drift = self._drift if drift is None else drift

    def _restored(
        self, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> tuple[dict[Any, SymbolState], Drift | None]:
        """Return what a snapshot remembers."""
        states: dict[Any, SymbolState] = {}
        ends = np.cumsum(arrays["lengths"])
        for symbol, end, length, counts in zip(
            facts["symbols"], ends, arrays["lengths"], arrays["counts"], strict=True
        ):
            ring = Ring(self.n_bars_kept, len(self.features), self._served.dtype)
            for row in range(end - length, end):
                ring.append(int(arrays["times"][row]), arrays["values"][row])
            names = np.array([symbol], dtype=object)
            states[symbol] = SymbolState(ring, names, *map(int, counts))
        if "drift_counts" not in arrays:
            return states, None
        drift = Drift(self.features, arrays["drift_edges"], arrays["drift_expected"])
        drift.counts[:] = arrays["drift_counts"]
        return states, drift
