from __future__ import annotations

import pytest
import torch

from sk_ensemble.neural_network._torch_state import pick_device, seeded, torch_threads

CPU = torch.device("cpu")


def draws(seed):
    with seeded(seed, CPU):
        return torch.rand(3).tolist()


def test_equal_seeds_draw_equal_numbers():
    assert draws(1) == draws(1)
    assert draws(1) != draws(2)


def test_the_generator_goes_on_as_if_nothing_had_been_drawn():
    before = torch.get_rng_state()
    draws(1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    assert not torch.equal(torch.get_rng_state(), before)


def test_threads_are_restored_even_after_an_error():
    def fail():
        with torch_threads(before + 1):
            assert torch.get_num_threads() == before + 1
            raise KeyError

    before = torch.get_num_threads()
    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before


def test_auto_is_cuda_where_there_is_a_device():
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert pick_device("auto").type == wanted


@pytest.mark.parametrize("name", ["gpu", "cpux", "", "meta", "cuda:99"])
def test_a_device_that_cannot_be_used_is_an_error_that_names_it(name):
    with pytest.raises(ValueError, match=f"device={name!r} cannot be computed on"):
        pick_device(name)


@pytest.mark.gpu
def test_the_generator_of_the_gpu_is_seeded_and_restored():
    device = torch.device("cuda:0")
    before = torch.cuda.get_rng_state(device)
    with seeded(3, device):
        first = torch.rand(3, device=device)
    with seeded(3, device):
        assert torch.equal(torch.rand(3, device=device), first)
    assert torch.equal(torch.cuda.get_rng_state(device), before)
