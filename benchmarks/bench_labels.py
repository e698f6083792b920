"""Labels and weights beside mlfinpy and holdout-backtest.

mlfinpy takes half a millisecond per bar, so it is compared in turns on 10,000 bars of
one symbol; then once on 100,000, which shows that its time per bar does not fall, and
ten times that stands for its million. Labels, their ends and uniqueness are equal,
which is checked first. The sequential bootstrap of holdout-backtest looks at all labels
for every draw, so it draws from 10,000 labels. Both live in environments of their own.
Then every function here labels a million bars of four symbols, beside a plain copy of
these bars. All times are those of the processor.

    python benchmarks/bench_labels.py --large 20000
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from harness import (
    AtLeast,
    Comparison,
    Worker,
    install_peers,
    peer_versions,
    run_part,
    take_turns,
)

HORIZON, TARGET = 20, 0.004
N_SYMBOLS, SMALL, MILLION = 4, 10_000, 1_000_000
KINDS = {"labels": "triple barrier", "uniqueness": "uniqueness"}


# --- bars ---------------------------------------------------------------------------


def make_bars(n_bars):
    """Return bars of a few symbols, in sessions of 200 bars."""
    rng, parts = np.random.default_rng(0), []
    for symbol in range(N_SYMBOLS):
        n_own = n_bars // N_SYMBOLS
        minutes = np.where(np.arange(n_own) % 200 == 199, 600, 5)
        close = 100 * np.exp(np.cumsum(rng.normal(scale=1e-3, size=n_own)))
        open_ = close * np.exp(rng.normal(scale=3e-4, size=n_own))
        part = {
            "datetime": pd.Timestamp("2010", tz="UTC")
            + pd.to_timedelta(np.cumsum(minutes), unit="min"),
            "symbol": f"S{symbol}",
            "open": open_,
            "high": np.maximum(open_, close) * 1.0003,
            "low": np.minimum(open_, close) / 1.0003,
            "close": close,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def write_closes(folder, n_bars):
    """Write times and closes of one symbol; no two versions of numpy round alike."""
    bars = make_bars(n_bars * N_SYMBOLS)[:n_bars]
    times = pd.DatetimeIndex(bars["datetime"]).as_unit("ns").asi8
    path = Path(folder) / f"{n_bars}.npz"
    np.savez(path, times=times, close=bars["close"].to_numpy())
    return str(path)


def read_closes(path):
    stored = np.load(path)
    index = pd.DatetimeIndex(stored["times"].view("datetime64[ns]"), name="datetime")
    return pd.Series(stored["close"], index=index, name="close")


# --- the same labels here and there -------------------------------------------------


def ours(path):
    """Return what labels the closes of a file, and what weighs the labels."""
    from sk_ensemble.labeling import triple_barrier_labels, uniqueness_weights

    bars = read_closes(path).reset_index().assign(symbol="A")
    options = {"target": TARGET, "intrabar": False, "across_sessions": True}
    return (
        lambda: triple_barrier_labels(bars, HORIZON, **options),
        lambda labels: uniqueness_weights(labels, bars, closed="both"),
    )


def mlfinpy(path):
    from mlfinpy.labeling.labeling import get_bins, get_events
    from mlfinpy.sampling.concurrent import get_av_uniqueness_from_triple_barrier

    close = read_closes(path)
    starts = close.index[:-HORIZON]
    options = {
        "t_events": starts,
        "pt_sl": [1, 1],
        "target": pd.Series(TARGET, index=close.index),
        "min_ret": 0.0,
        "num_threads": 1,
        "vertical_barrier_times": pd.Series(close.index[HORIZON:], index=starts),
        "verbose": False,
    }

    def label():
        events = get_events(close=close, **options)
        return events, get_bins(events, close)

    def weigh(labels):
        events = labels[0]
        return get_av_uniqueness_from_triple_barrier(events, close, 1, verbose=False)

    return label, weigh


def tidy(labels, uniqueness):
    """Return barriers, ends and uniqueness as lists, whichever library found them."""
    if isinstance(labels, tuple):
        events, bins = labels
        ends, found = events["t1"], bins["bin"]
        return (*_lists(found, ends), uniqueness["tW"].tolist())
    ends = labels["label_end"].dt.tz_localize(None)
    # At the vertical barrier mlfinpy measures against log(1 + target) on both sides,
    # so that some of its labels are -1 there; only what is touched can be compared.
    touched = labels["label"].where(labels["barrier"] != "vertical", 0)
    return (*_lists(touched, ends), uniqueness.tolist())


def _lists(labels, ends):
    stamps = pd.DatetimeIndex(ends).as_unit("ns").asi8
    return labels.astype(int).tolist(), stamps.tolist()


# --- sequential bootstraps ----------------------------------------------------------


def draw_here(path, n_draws):
    """Return what draws from labels with a seed."""
    from sk_ensemble.labeling import sequential_bootstrap

    label, _ = ours(path)
    labels, bars = label(), read_closes(path).reset_index().assign(symbol="A")
    return lambda seed: sequential_bootstrap(
        labels, bars, n_draws, closed="both", random_state=seed
    )


def draw_there(path, n_draws):
    """Return the same from holdout-backtest, which counts bars."""
    from holdout.uniqueness import sequential_bootstrap

    spans = np.load(path)
    start, end = spans["first"], spans["last"]

    def draw(seed):
        return sequential_bootstrap(start, end, size=n_draws, seed=seed).indices

    return draw


def write_spans(path):
    """Write the first and last bar of each label, and its uniqueness."""
    label, weigh = ours(path)
    labels, times = label(), read_closes(path).index
    starts = labels.index.get_level_values("datetime").tz_localize(None)
    ends = pd.DatetimeIndex(labels["label_end"]).tz_localize(None)
    first, last = times.get_indexer(starts), times.get_indexer(ends)
    written = path.replace(".npz", "_spans.npz")
    np.savez(written, first=first, last=last, uniqueness=weigh(labels).to_numpy())
    return written


def uniqueness_is_equal(path):
    """Tell whether holdout-backtest finds the uniqueness of `write_spans`."""
    from holdout.uniqueness import average_uniqueness

    spans = np.load(path)
    found = average_uniqueness(spans["first"], spans["last"])
    return bool(np.allclose(found, spans["uniqueness"], rtol=1e-9))


def mean_uniqueness(spans, rows):
    """Return the mean uniqueness of a sample of labels."""
    first, stop = spans["first"][rows], spans["last"][rows] + 1
    counts = np.zeros(stop.max() + 1, dtype=int)
    np.add.at(counts, first, 1)
    np.add.at(counts, stop, -1)
    sums = np.append(0, np.cumsum(1 / np.maximum(np.cumsum(counts), 1)))
    return float(((sums[stop] - sums[first]) / (stop - first)).mean())


# --- the process of one library -----------------------------------------------------

LIBRARIES = {"here": ours, "mlfinpy": mlfinpy}
DRAWS = {"here": draw_here, "there": draw_there}


def timed(action):
    """Return the result of an action and the time of the processor."""
    start = time.process_time()
    result = action()
    return result, time.process_time() - start


def label_and_weigh(library, path):
    """Return labels with their uniqueness, and the seconds of both."""
    label, weigh = LIBRARIES[library](path)
    labels, first = timed(label)
    uniqueness, second = timed(lambda: weigh(labels))
    return tidy(labels, uniqueness), {"labels": first, "uniqueness": second}


def answer(what, **request):
    warnings.simplefilter("ignore")
    if what == "label":
        return label_and_weigh(**request)[1]
    if what == "labels":
        return label_and_weigh(**request)[0]
    if what == "write spans":
        return write_spans(**request)
    if what == "uniqueness":
        return uniqueness_is_equal(**request)
    if what == "million":
        return seconds_of(request["name"])
    draw = DRAWS[request["where"]](request["path"], request["n_draws"])
    if what == "draws":
        return [draw(seed).tolist() for seed in range(request["n_seeds"])]
    return timed(lambda: draw(0))[1]


# --- a million bars -----------------------------------------------------------------


def functions(bars):
    """Return what is done with all bars, by name."""
    from sk_ensemble import labeling

    labels = labeling.triple_barrier_labels(bars, HORIZON)
    uniqueness = labeling.uniqueness_weights(labels, bars)
    return {
        "fixed horizon": lambda: labeling.fixed_horizon_labels(bars, HORIZON),
        "triple barrier": lambda: labeling.triple_barrier_labels(bars, HORIZON),
        "triple barrier, a day": lambda: labeling.triple_barrier_labels(
            bars, "1D", across_sessions=True
        ),
        "CUSUM events": lambda: labeling.cusum_events(bars),
        "uniqueness": lambda: labeling.uniqueness_weights(labels, bars),
        "return attribution": lambda: labeling.return_attribution_weights(labels, bars),
        "time decay": lambda: labeling.time_decay_weights(uniqueness),
        "sequential bootstrap": lambda: labeling.sequential_bootstrap(
            labels, bars, random_state=0
        ),
        "a copy of the bars": lambda: bars.copy(deep=True),
    }


MADE = {}


def seconds_of(name):
    """Return the seconds of a function on a million bars, or all names."""
    if not MADE:
        MADE.update(functions(make_bars(MILLION)))
    return list(MADE) if name is None else timed(MADE[name])[1]


# --- the comparison -----------------------------------------------------------------


def check_labels(here, there, path):
    """End unless both libraries find the same labels, ends and uniqueness."""
    found = here.ask(what="labels", library="here", path=path)
    other = there.ask(what="labels", library="mlfinpy", path=path)
    touched = np.array(found[0]) != 0
    same = (np.array(found[0]) == np.array(other[0]))[touched].all()
    if not same or found[1] != other[1]:
        raise SystemExit("The labels of mlfinpy differ.")
    np.testing.assert_allclose(found[2], other[2], rtol=1e-9)


def beside_mlfinpy(here, there, folder, options):
    """Yield both functions on few bars in turns, and on many at once."""
    small, large = (write_closes(folder, n) for n in (SMALL, options.large))
    check_labels(here, there, small)
    turns = take_turns(
        {
            "here": lambda: here.ask(what="label", library="here", path=small),
            "there": lambda: there.ask(what="label", library="mlfinpy", path=small),
        },
        options.rounds,
    )
    ours_large = here.ask(what="label", library="here", path=large)
    theirs = there.ask(what="label", library="mlfinpy", path=large)
    ours_million = here.ask(
        what="label", library="here", path=write_closes(folder, MILLION)
    )
    factor = MILLION / options.large
    for kind, name in KINDS.items():
        few = [[one[kind] for one in turns[who]] for who in ("here", "there")]
        yield Comparison(f"{name}, {SMALL:,} bars", "mlfinpy", "s", *few, AtLeast(20))
        case = f"{name}, {options.large:,} bars"
        many = [ours_large[kind]], [theirs[kind]]
        yield Comparison(case, "mlfinpy", "s", *many, AtLeast(20))
        per_bar = [theirs[kind] / options.large], [np.mean(few[1]) / SMALL]
        yield Comparison(f"{case}, mlfinpy per bar", "of 10,000", "s", *per_bar)
        case, other = f"{name}, 1,000,000 bars", f"mlfinpy, {factor:g} x the above"
        million = [ours_million[kind]], [theirs[kind] * factor]
        yield Comparison(case, other, "s", *million, AtLeast(20))


def check_draws(here, there, path, spans):
    """End unless draws of both libraries overlap as little, and less than chance."""
    if not there.ask(what="uniqueness", path=spans):
        raise SystemExit("The uniqueness of holdout-backtest differs.")
    n_seeds, n_draws, stored = 60, 50, np.load(spans)
    request = {"what": "draws", "n_seeds": n_seeds, "n_draws": n_draws}
    found = {
        "here": here.ask(**request, where="here", path=path),
        "there": there.ask(**request, where="there", path=spans),
        "chance": np.random.default_rng(0).integers(
            len(stored["first"]), size=(n_seeds, n_draws)
        ),
    }
    means = {
        who: [mean_uniqueness(stored, np.array(rows)) for rows in draws]
        for who, draws in found.items()
    }
    one, other, chance = (np.array(means[who]) for who in found)
    error = np.sqrt((one.var() + other.var()) / n_seeds)
    if abs(one.mean() - other.mean()) > 4 * error or one.mean() < chance.mean():
        raise SystemExit("The draws of holdout-backtest overlap more or less.")


def beside_holdout(here, there, folder, rounds):
    """Yield as many draws as labels, and a tenth of them."""
    check_path = write_closes(folder, 500)
    check_spans = here.ask(what="write spans", path=check_path)
    check_draws(here, there, check_path, check_spans)
    path = write_closes(folder, SMALL)
    spans = here.ask(what="write spans", path=path)
    n_labels = len(np.load(spans)["first"])
    for n_draws in (n_labels, n_labels // 10):
        request = {"what": "draw", "n_draws": n_draws}
        measures = {
            "here": lambda request=request: here.ask(
                **request, where="here", path=path
            ),
            "there": lambda request=request: there.ask(
                **request, where="there", path=spans
            ),
        }
        figures = take_turns(measures, rounds).values()
        case = f"{n_draws:,} draws from {n_labels:,} labels"
        yield Comparison(case, "holdout-backtest", "s", *figures, AtLeast(1))


def of_a_million(here, rounds):
    """Yield every function beside a copy of the bars."""
    names = here.ask(what="million", name=None)
    figures = take_turns(
        {name: lambda name=name: here.ask(what="million", name=name) for name in names},
        rounds,
    )
    copy = names[-1]
    for name in names[:-1]:
        case = f"{name}, 1,000,000 bars of {N_SYMBOLS} symbols"
        yield Comparison(case, copy, "s", figures[name], figures[copy])


def compare(options):
    peers = {name: install_peers(name) for name in ("mlfinpy", "splits")}
    with tempfile.TemporaryDirectory() as folder, Worker(__file__) as here:
        with Worker(__file__, peers["mlfinpy"]) as there:
            yield from beside_mlfinpy(here, there, folder, options)
        with Worker(__file__, peers["splits"]) as there:
            yield from beside_holdout(here, there, folder, options.rounds)
        yield from of_a_million(here, options.rounds)


def arguments(parser):
    parser.add_argument(
        "--large", type=int, default=100_000, help="bars that mlfinpy labels once"
    )


def versions():
    return {
        **peer_versions(install_peers("mlfinpy"), ["mlfinpy", "numpy", "pandas"]),
        **peer_versions(install_peers("splits"), ["holdout-backtest"]),
    }


if __name__ == "__main__":
    run_part(
        "labels",
        compare,
        doc=__doc__,
        answer=answer,
        versions=versions,
        arguments=arguments,
    )
