"""The steps of an LSTM for many networks at once, with their gradients written out."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

__all__ = ["LSTMSteps"]

_sigmoid_gradient = torch.ops.aten.sigmoid_backward.grad_input
_tanh_gradient = torch.ops.aten.tanh_backward.grad_input


class LSTMSteps(torch.autograd.Function):
    """Go through the steps of windows, each network with weights of its own.

    What autograd makes of the steps takes some forty operations for each, and keeps
    what each of them was given. Here are twenty, on numbers of one step, which a CPU
    has in its cache; the windows are the last axis, so that each gate is one block.

    `forward` takes windows, (n_networks, n_windows, n_steps, n_inputs); weights,
    (n_networks, 4 * hidden_size, n_inputs + hidden_size + 1), those of the inputs, of
    the states and the constants side by side; and the first hidden and cell states,
    (n_networks, n_windows, hidden_size). It returns the hidden states of all steps,
    (n_networks, n_windows, n_steps, hidden_size), and the last cell states; what
    follows is kept for the gradients. `torch.func.vmap` puts the networks where there
    was one.
    """

    @staticmethod
    def forward(
        windows: torch.Tensor,
        weights: torch.Tensor,
        hidden: torch.Tensor,
        cell: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Compute the states."""
        n_networks, n_windows, n_steps, n_inputs = windows.shape
        size, n_seen = hidden.shape[-1], weights.shape[2]
        # What a step sees: the inputs, the state before, and 1 for the constant.
        seen = windows.new_ones(n_steps + 1, n_networks, n_seen, n_windows)
        seen[:-1, :, :n_inputs] = windows.permute(2, 0, 3, 1)
        states = seen[:, :, n_inputs:-1]
        states[0] = hidden.mT
        gates = windows.new_empty(n_steps, n_networks, 4 * size, n_windows)
        cells = windows.new_empty(n_steps + 1, n_networks, size, n_windows)
        cells[0] = cell.mT
        bent = torch.empty_like(cells)
        for step in range(n_steps):
            now = torch.bmm(weights, seen[step], out=gates[step])
            now[:, : 2 * size].sigmoid_()
            now[:, 2 * size : 3 * size].tanh_()
            now[:, 3 * size :].sigmoid_()
            let_in, keep, new, let_out = now.chunk(4, dim=1)
            after = torch.mul(let_in, new, out=cells[step + 1])
            after.addcmul_(keep, cells[step])
            torch.tanh(after, out=bent[step + 1])
            torch.mul(let_out, bent[step + 1], out=states[step + 1])
        outputs = states[1:].permute(1, 3, 0, 2).contiguous()
        kept = (part.movedim(0, 1) for part in (seen, gates, cells, bent))
        return outputs, cells[-1].mT.contiguous(), *kept

    @staticmethod
    def setup_context(
        ctx: Any, inputs: tuple[torch.Tensor, ...], output: tuple[torch.Tensor, ...]
    ) -> None:
        """Keep what the gradients are made of."""
        windows, weights, *_ = inputs
        kept = output[2:]
        ctx.mark_non_differentiable(*kept)
        # No zeros for what is kept.
        ctx.set_materialize_grads(False)
        ctx.n_inputs = windows.shape[-1]
        ctx.save_for_backward(weights, *kept)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, of_outputs: torch.Tensor | None, of_last: torch.Tensor | None, *_: Any
    ) -> tuple[torch.Tensor | None, ...]:
        """Compute the gradients of all that was given."""
        weights, *kept = ctx.saved_tensors
        seen, gates, cells, bent = (part.movedim(1, 0) for part in kept)
        n_inputs, n_steps = ctx.n_inputs, len(gates)
        size = cells.shape[2]
        of_cell, of_hidden = torch.zeros_like(cells[0]), torch.zeros_like(cells[0])
        if of_last is not None:
            of_cell.copy_(of_last.mT)
        of_weights, now = torch.zeros_like(weights), torch.empty_like(gates[0])
        of_seen = torch.empty_like(seen[0])
        of_windows = None
        if ctx.needs_input_grad[0]:
            of_windows = seen.new_empty(n_steps, len(weights), n_inputs, seen.shape[3])
        of_in, of_keep, of_new, of_out = now.chunk(4, dim=1)
        of_both = now[:, : 2 * size]
        for step in reversed(range(n_steps)):
            let_in, keep, new, let_out = gates[step].chunk(4, dim=1)
            if of_outputs is not None:
                of_hidden = of_hidden + of_outputs[:, :, step].mT
            torch.mul(of_hidden, bent[step + 1], out=of_out)
            of_bent = of_hidden * let_out
            _tanh_gradient(of_bent, bent[step + 1], grad_input=of_bent)
            of_cell.add_(of_bent)
            torch.mul(of_cell, new, out=of_in)
            torch.mul(of_cell, cells[step], out=of_keep)
            torch.mul(of_cell, let_in, out=of_new)
            of_cell.mul_(keep)
            _sigmoid_gradient(of_both, gates[step][:, : 2 * size], grad_input=of_both)
            _tanh_gradient(of_new, new, grad_input=of_new)
            _sigmoid_gradient(of_out, let_out, grad_input=of_out)
            of_weights.baddbmm_(now, seen[step].mT)
            torch.bmm(weights.mT, now, out=of_seen)
            of_hidden = of_seen[:, n_inputs:-1]
            if of_windows is not None:
                of_windows[step] = of_seen[:, :n_inputs]
        if of_windows is not None:
            of_windows = of_windows.permute(1, 3, 0, 2)
        return of_windows, of_weights, of_hidden.mT, of_cell.mT

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *given: torch.Tensor
    ) -> tuple[tuple[torch.Tensor, ...], tuple[int, ...]]:
        """Take the networks, of which there is one in each, as the first axis."""
        together = [
            part.expand(info.batch_size, *part.shape[1:])
            if place is None
            else part.movedim(place, 0).squeeze(1)
            for part, place in zip(given, in_dims, strict=True)
        ]
        outputs = LSTMSteps.apply(*together)
        return tuple(part.unsqueeze(1) for part in outputs), (0,) * len(outputs)
