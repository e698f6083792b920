from __future__ import annotations

import pytest

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments import ComparisonConfig


def test_defaults_are_the_founding_ones() -> None:
    config = ComparisonConfig()
    assert config.horizons == (5, 20)
    assert (config.purged_size, config.embargo_size) == (60, 1440)
    assert config.window_length == 60


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ComparisonConfig(symbols=(), horizons=(0,), stride=0, start="2021", end="2022")
    message = str(caught.value)
    assert message.count("\n- ") == 4
    for word in ("symbols is empty", "got [0]", "stride must be", "must be before"):
        assert word in message


def test_a_date_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="must be dates"):
        ComparisonConfig(start="soon")


def test_quick_takes_other_values_too() -> None:
    assert ComparisonConfig.quick(horizons=(20,)).horizons == (20,)
    assert ComparisonConfig.quick().stride > ComparisonConfig().stride


def test_defaults_of_models_are_not_shared() -> None:
    ComparisonConfig().model_params["lstm"]["hidden_size"] = 1
    assert ComparisonConfig().model_params["lstm"]["hidden_size"] != 1
