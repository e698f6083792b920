from __future__ import annotations

import pytest
import torch
from torch import nn

from sk_ensemble.neural_network._aligned_linear import AlignedLinear


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n_outputs", [1, 2, 3, 7, 33])
@pytest.mark.parametrize("width", [3, 9, 16, 33, 129])
def test_a_row_is_mapped_to_equal_bits_wherever_it_stands(width, n_outputs, dtype):
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(width, n_outputs, dtype=dtype)
    row = torch.randn(width, generator=generator, dtype=dtype)
    found = []
    for place in range(32):
        batch = torch.randn(32, width, generator=generator, dtype=dtype)
        batch[place] = row
        with AlignedLinear(), torch.no_grad():
            found.append(layer(batch)[place])
    assert (torch.stack(found) == found[0]).all()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 5)])
def test_the_map_itself_is_the_same(shape, bias):
    layer = nn.Linear(5, 3, bias=bias)
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    expected = layer(x)
    with AlignedLinear():
        torch.testing.assert_close(layer(x), expected)


def test_other_functions_and_later_calls_are_left_alone(monkeypatch):
    seen = []
    linear = nn.functional.linear
    monkeypatch.setattr(
        nn.functional, "linear", lambda *args: seen.append(args) or linear(*args)
    )
    with AlignedLinear():
        assert torch.equal(torch.ones(2) + 1, torch.full((2,), 2.0))
    nn.Linear(5, 3)(torch.ones(4, 5))
    assert [args[0].shape for args in seen] == [(4, 5)]
