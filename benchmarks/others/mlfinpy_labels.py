"""Time mlfinpy's labels and uniqueness; runs in an environment of its own.

Called by ``bench_labels.py`` with a folder that holds ``closes.csv``; writes
``labels.csv`` and ``told.json`` there.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from mlfinpy.labeling.labeling import get_bins, get_events
from mlfinpy.sampling.concurrent import get_av_uniqueness_from_triple_barrier


def main():
    warnings.simplefilter("ignore")
    folder, horizon = Path(sys.argv[1]), int(sys.argv[2])
    table = pd.read_csv(folder / "closes.csv", index_col=0, parse_dates=True)
    close, target = table["close"], table["target"]
    starts = close.index[:-horizon]
    vertical = pd.Series(close.index[horizon:], index=starts)
    start = time.process_time()
    events = get_events(
        close=close,
        t_events=starts,
        pt_sl=[1, 1],
        target=target,
        min_ret=0.0,
        num_threads=1,
        vertical_barrier_times=vertical,
        verbose=False,
    )
    bins = get_bins(events, close)
    labelled = time.process_time()
    uniqueness = get_av_uniqueness_from_triple_barrier(events, close, 1, verbose=False)
    done = time.process_time()
    seconds = {"labels": labelled - start, "uniqueness": done - labelled}
    versions = {"numpy": np.__version__, "pandas": pd.__version__}
    told = {"seconds": seconds, "versions": versions}
    (folder / "told.json").write_text(json.dumps(told))
    found = {"end": events["t1"], "label": bins["bin"], "uniqueness": uniqueness["tW"]}
    pd.DataFrame(found).to_csv(folder / "labels.csv")


if __name__ == "__main__":
    main()
