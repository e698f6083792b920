"""The random convolutions of MiniRocket, without a compiler.

Windows of a chunk lie side by side in memory, ``(n_features, n_bars, n_windows)``, so
that each step is one operation on long rows. Each number is computed from its own
window only and in one fixed order: neighbours in a chunk cannot change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray

__all__ = [
    "KERNEL_LENGTH",
    "Kernels",
    "draw_kernels",
    "most_combinations",
    "transform_windows",
]

KERNEL_LENGTH = 9

#: Places of the three weights 2 in each kernel; the other six weights are -1.
_PLACES = np.array(list(combinations(range(KERNEL_LENGTH), 3)))

#: Most features that one kernel adds up.
_MOST_CHANNELS = 9


class Kernels(NamedTuple):
    """What `draw_kernels` decides.

    A combination is a dilation and a kernel, in this order; 84 kernels each.

    Parameters
    ----------
    dilations : ndarray of int64 of shape (n_dilations,)
        Bars between neighbouring weights.
    channel_counts : ndarray of int64 of shape (n_dilations * 84,)
        Features that each combination adds up.
    channels : ndarray of int64 of shape (sum of channel_counts,)
        Their numbers, combination by combination.
    biases : ndarray of float32 of shape (n_dilations * 84 * n_biases,)
        Thresholds, combination by combination; how many there are depends on the
        dilation.
    bias_counts : ndarray of int64 of shape (n_dilations,)
        Thresholds of each combination, by dilation.
    """

    dilations: IntArray
    channel_counts: IntArray
    channels: IntArray
    biases: FloatArray
    bias_counts: IntArray


def _dilations(
    n_bars: int, n_per_kernel: int, most_dilations: int
) -> tuple[IntArray, IntArray]:
    """Return dilations, evenly spaced in logarithm, and thresholds for each."""
    n_dilations = min(n_per_kernel, most_dilations)
    largest = np.log2((n_bars - 1) / (KERNEL_LENGTH - 1))
    drawn = np.logspace(0, largest, n_dilations, base=2).astype(np.int64)
    dilations, counts = np.unique(drawn, return_counts=True)
    counts = (counts * (n_per_kernel / n_dilations)).astype(np.int64)
    missing = n_per_kernel - int(counts.sum())
    counts += missing // len(counts)
    counts[: missing % len(counts)] += 1
    return dilations, counts


def _convolved(values: FloatArray, place: IntArray, dilation: int) -> FloatArray:
    """Return the sum over channels, convolved, of shape (n_bars, n_windows).

    Parameters
    ----------
    values : ndarray of float32 of shape (n_channels, n_bars, n_windows)
        The channels of one combination.
    place : ndarray of shape (3,)
        Where the kernel has the weight 2.
    dilation : int
        Bars between neighbouring weights.
    """
    n_bars = values.shape[1]
    total = values[0].copy()
    for channel in values[1:]:
        total += channel
    reach = dilation * (KERNEL_LENGTH // 2)
    padded = np.pad(total, ((reach, reach), (0, 0)))
    shifted = [
        padded[number * dilation : number * dilation + n_bars]
        for number in range(KERNEL_LENGTH)
    ]
    result = shifted[place[0]] + shifted[place[1]]
    result += shifted[place[2]]
    result *= np.float32(3)
    for part in shifted:
        result -= part
    return result


def _combinations(
    kernels: Kernels,
) -> Iterator[tuple[int, int, IntArray, slice]]:
    """Yield dilation number, kernel number, channels and place of the biases."""
    ends = np.cumsum(kernels.channel_counts)
    start = 0
    for number, end in enumerate(ends):
        dilation, kernel = divmod(number, len(_PLACES))
        stop = start + int(kernels.bias_counts[dilation])
        first = end - kernels.channel_counts[number]
        yield dilation, kernel, kernels.channels[first:end], slice(start, stop)
        start = stop


def most_combinations(n_kernels: int, most_dilations: int) -> int:
    """Return how many examples `draw_kernels` needs, at most."""
    n_per_kernel = max(n_kernels // len(_PLACES), 1)
    return len(_PLACES) * min(n_per_kernel, most_dilations)


def _quantiles(n_quantiles: int) -> FloatArray:
    """Return numbers that fill the unit interval evenly, however many there are."""
    golden = (np.sqrt(5) + 1) / 2
    return (np.arange(1, n_quantiles + 1) * golden) % 1


def draw_kernels(
    examples: FloatArray,
    n_kernels: int,
    most_dilations: int,
    random_state: np.random.RandomState,
) -> Kernels:
    """Draw the channels of each kernel, and thresholds from what it gives on examples.

    Parameters
    ----------
    examples : ndarray of float32 of shape (n_features, n_bars, n_examples)
        Windows of at least 9 bars, drawn at random; one for each combination.
    n_kernels : int
        Features to make, of which there are a multiple of 84.
    most_dilations : int
        Most dilations per kernel.
    random_state : RandomState
        Source of the draws.

    Returns
    -------
    kernels : Kernels
        The transform.
    """
    n_features, n_bars, _ = examples.shape
    n_per_kernel = max(n_kernels // len(_PLACES), 1)
    dilations, bias_counts = _dilations(n_bars, n_per_kernel, most_dilations)
    n_combinations = len(dilations) * len(_PLACES)
    most = np.log2(min(n_features, _MOST_CHANNELS) + 1)
    channel_counts = (2 ** random_state.uniform(0, most, n_combinations)).astype(int)
    channels = np.concatenate(
        [random_state.permutation(n_features)[:count] for count in channel_counts]
    )
    biases = np.empty(n_per_kernel * len(_PLACES), dtype=np.float32)
    kernels = Kernels(dilations, channel_counts, channels, biases, bias_counts)
    quantiles = _quantiles(len(biases))
    for example, (dilation, kernel, chosen, place) in enumerate(_combinations(kernels)):
        result = _convolved(
            examples[chosen, :, example : example + 1],
            _PLACES[kernel],
            int(dilations[dilation]),
        )
        biases[place] = np.quantile(result, quantiles[place])
    return kernels


def transform_windows(values: FloatArray, kernels: Kernels) -> FloatArray:
    """Return the share of bars at which each convolution exceeds each threshold.

    Every other combination looks only at bars where the whole kernel lies in the
    window; the others see zeros beyond its ends.

    Parameters
    ----------
    values : ndarray of float32 of shape (n_features, n_bars, n_windows)
        A chunk of windows.
    kernels : Kernels
        The transform.

    Returns
    -------
    shares : ndarray of float32 of shape (n_kernels, n_windows)
        Numbers from 0 to 1.
    """
    _, n_bars, n_windows = values.shape
    shares = np.empty((len(kernels.biases), n_windows), dtype=np.float32)
    count_type = np.uint8 if n_bars < 256 else np.uint32
    exceeds = np.empty((n_bars, n_windows), dtype=bool)
    for dilation, kernel, chosen, place in _combinations(kernels):
        step = int(kernels.dilations[dilation])
        result = _convolved(values[chosen], _PLACES[kernel], step)
        if (dilation + kernel) % 2:
            reach = step * (KERNEL_LENGTH // 2)
            result = result[reach:-reach]
        marks = exceeds[: len(result)]
        for number in range(place.start, place.stop):
            np.greater(result, kernels.biases[number], out=marks)
            shares[number] = np.add.reduce(marks.view(np.uint8), 0, dtype=count_type)
        shares[place] /= np.float32(len(result))
    return shares
