from __future__ import annotations

import pytest
import torch

from sk_ensemble.neural_network import MLPModule


@pytest.mark.parametrize(("n_features", "n_classes"), [(1, 2), (10, 3)])
def test_the_default_layers_have_the_published_number_of_parameters(
    n_features, n_classes
):
    module = MLPModule(n_features, n_classes, window_length=60)
    expected = 500 * 60 * n_features + 501_500 + 501 * n_classes
    assert sum(parameter.numel() for parameter in module.parameters()) == expected


def test_without_hidden_layers_it_is_a_linear_map_of_all_values():
    windows = torch.randn(5, 4, 3, generator=torch.manual_seed(0))
    module = MLPModule(3, 2, window_length=4, hidden_sizes=[], input_dropout=0.0)
    torch.testing.assert_close(module(windows), module.head(windows.reshape(5, 12)))


def test_the_outputs_are_those_of_products_and_rectifiers():
    windows = torch.randn(5, 4, 3, generator=torch.manual_seed(0))
    module = MLPModule(3, 2, window_length=4, hidden_sizes=[8, 6]).eval()
    weights = [parameter.detach().numpy() for parameter in module.parameters()]
    values = windows.reshape(5, 12).numpy()
    for place in (0, 2):
        values = (values @ weights[place].T + weights[place + 1]).clip(min=0)
    expected = torch.from_numpy(values @ weights[4].T + weights[5])
    torch.testing.assert_close(module(windows), expected)
