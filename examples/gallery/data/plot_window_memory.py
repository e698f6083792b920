"""
What do windows cost in memory?
===============================

Neighbouring windows hold nearly the same bars. An array of all of them stores each bar
as often as a window is long. What does it save to keep positions instead?
"""

# %%
# Measuring it
# ------------
#
# ``tracemalloc`` counts what numpy allocates. We cut windows of growing length from 31
# features of 5-minute bars: once as ``Windower`` gives them, once as an array of all of
# them, and once as a single batch of 256, which is what a network asks for at a time.

import tracemalloc
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from sk_ensemble import Panel, Windower
from sk_ensemble.datasets import load_bars
from sk_ensemble.preprocessing import bar_features

panel = Panel.from_frame(bar_features(load_bars("IF", start="2021-06", end="2021-08")))
windower = Windower().fit(panel)
lengths = [1, 4, 15, 60, 240]


def peak_bytes(make: Callable[[], Any]) -> int:
    """Return the most memory that a call has held, beyond what was there before."""
    tracemalloc.start()
    make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


costs: dict[str, list[int]] = {"array of all": [], "batch of 256": [], "Windows": []}
for length in lengths:
    windower.set_params(window_length=length)
    windows = windower.transform(panel)
    costs["Windows"].append(peak_bytes(lambda: windower.transform(panel)))
    costs["batch of 256"].append(
        peak_bytes(lambda w=windows: w.gather(slice(-256, None)))
    )
    costs["array of all"].append(peak_bytes(windows.gather))

# %%
# The picture
# -----------
#
# Both axes are logarithmic. The dashed line is the size of the bars themselves, which
# are there in any case and which all windows and all folds share. The array grows with
# the length of the windows: at 240 bars it is some 240 times the bars, and for the
# 405,230 shipped bars of all four symbols it would take 12 GB. The batch grows alike,
# but does not depend on how many samples there are. Cutting the windows costs the same
# whatever their length: less than 20 bytes per sample, for checks, of which less than a
# kilobyte in all is kept.
#
# That is not free of charge: what is not stored is copied anew for each batch, in every
# epoch. And ``flatten=True``, for models that want one matrix, builds the array after
# all.

bars_bytes = panel.to_numpy().nbytes
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for number, (name, values) in enumerate(costs.items()):
    axis.loglog(lengths, np.array(values) / 1e6, "o-", color=f"C{number}", label=name)
axis.axhline(bars_bytes / 1e6, color="0.4", linestyle="--", label="the bars themselves")
axis.set_xticks(lengths, [str(length) for length in lengths])
axis.minorticks_off()
axis.set(xlabel="window length (bars)", ylabel="peak memory (MB)")
axis.set_title(
    f"{len(panel):,} windows of 240 bars: {costs['array of all'][-1] / 1e6:.0f} MB as "
    f"an array, {costs['Windows'][-1] / 1e6:.2f} MB as positions",
    fontsize=10,
)
axis.legend(frameon=False)
