from __future__ import annotations

import torch
from torch import nn

from sk_ensemble.neural_network import GRUModule


def test_the_shape_of_the_qlib_benchmark_has_its_number_of_parameters():
    module = GRUModule(6, 1, hidden_size=64, num_layers=2)
    assert sum(parameter.numel() for parameter in module.parameters()) == 38_849


def test_the_outputs_equal_those_of_the_written_out_recurrence():
    windows = torch.randn(5, 7, 3, generator=torch.manual_seed(0))
    module = GRUModule(3, 2, hidden_size=4, num_layers=1)
    cell = nn.GRUCell(3, 4)
    with torch.no_grad():
        for mine, theirs in zip(
            cell.parameters(), module.layers.parameters(), strict=True
        ):
            mine.copy_(theirs)
    state = None
    for step in range(windows.shape[1]):
        state = cell(windows[:, step], state)
    torch.testing.assert_close(module(windows), module.head(state))
