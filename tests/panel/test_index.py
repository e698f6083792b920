from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, Windower


@pytest.fixture
def panel() -> Panel:
    keys = pd.MultiIndex.from_product(
        [["B", "A"], pd.to_datetime(["2024-01-02", "2024-01-03"])],
        names=["symbol", "datetime"],
    )
    return Panel.from_frame(pd.DataFrame({"close": np.arange(4.0)}, index=keys))


def test_index_names_the_bar_of_each_sample(panel: Panel) -> None:
    for samples in (panel, panel[[2, 0, 2]], Windower(2).transform(panel)):
        assert list(samples.index.get_level_values("symbol")) == list(samples.symbols)
        times = samples.index.get_level_values("datetime")
        assert str(times.tz) == "UTC"
        np.testing.assert_array_equal(times.tz_localize(None), samples.times)


def test_values_under_the_index_find_their_samples_again(panel: Panel) -> None:
    series = pd.Series(np.arange(4.0), index=panel.index)
    np.testing.assert_array_equal(panel.lookup(series), series)


def test_rows_of_an_array_have_no_index() -> None:
    assert not hasattr(Windower(2).transform(np.zeros((3, 1))), "index")
