"""Hand weights and other parameters of fit to members, splitter and final estimator."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import has_fit_parameter

from sk_ensemble._typing import FloatArray
from sk_ensemble.utils.sklearn_api import routing_enabled

__all__ = ["FitParams", "route_fit", "router_of", "weight_params"]


@dataclass(frozen=True)
class FitParams:
    """Parameters for everything that a fit calls.

    Parameters
    ----------
    members : list of dict
        For the fit of each member.
    splitter : dict
        For the split of the splitter.
    final : dict
        For the fit of the final estimator.
    """

    members: list[dict[str, Any]]
    splitter: dict[str, Any]
    final: dict[str, Any]


def router_of(
    owner: Any, members: Sequence[tuple[str, Any]], cv: Any, final: Any = None
) -> MetadataRouter:
    """Return how metadata reaches members, splitter and final estimator.

    Parameters
    ----------
    owner : estimator
        The ensemble.
    members : sequence of (str, classifier)
        Its members.
    cv : cross-validator or list
        Its splitter.
    final : classifier or None, default=None
        Its final estimator, if it has one.

    Returns
    -------
    router : MetadataRouter
        The routing of scikit-learn's metadata routing API.
    """
    router = MetadataRouter(owner=owner)
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    for name, estimator in members:
        router.add(**{name: estimator}, method_mapping=to_fit)
    if hasattr(cv, "split"):
        to_split = MethodMapping().add(caller="fit", callee="split")
        router.add(splitter=cv, method_mapping=to_split)
    if final is not None:
        router.add(final_estimator=final, method_mapping=to_fit)
    return router


def _takes_anything(estimator: Any) -> bool:
    """Tell whether fit takes parameters by any name."""
    parameters = inspect.signature(estimator.fit).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def weight_params(name: str, estimator: Any, weights: FloatArray) -> dict[str, Any]:
    """Return weights under the name by which an estimator's fit takes them."""
    if hasattr(estimator, "steps"):
        step, last = estimator.steps[-1]
        inner = weight_params(name, last, weights)
        return {f"{step}__{key}": value for key, value in inner.items()}
    if has_fit_parameter(estimator, "sample_weight") or _takes_anything(estimator):
        return {"sample_weight": weights}
    msg = (
        f"{name!r} ({type(estimator).__name__}) takes no sample_weight. Leave the "
        "weights out, use another classifier in its place, or enable metadata routing "
        "and let only some request them."
    )
    raise TypeError(msg)


def _sent(routed: Any, receiver: str, method: str) -> dict[str, Any]:
    """Return what a receiver gets, nothing if it takes no part."""
    return dict(routed.get(receiver, {}).get(method, {}))


def _routed(owner: Any, names: Sequence[str], params: dict[str, Any]) -> FitParams:
    """Return what scikit-learn's metadata routing sends where."""
    routed = process_routing(owner, "fit", **params)
    return FitParams(
        [_sent(routed, name, "fit") for name in names],
        _sent(routed, "splitter", "split"),
        _sent(routed, "final_estimator", "fit"),
    )


def route_fit(
    owner: Any,
    members: Sequence[tuple[str, Any]],
    final: Any,
    weights: FloatArray | None,
    params: dict[str, Any],
) -> FitParams:
    """Decide what is passed to whom.

    With metadata routing enabled, what each has requested. Else the weights, to all
    members and the final estimator; of a Pipeline, to its last step.

    Parameters
    ----------
    owner : estimator
        The ensemble.
    members : sequence of (str, classifier)
        Its members.
    final : classifier or None
        Its final estimator, if it has one.
    weights : ndarray of shape (n_samples,) or None
        Weights of the samples.
    params : dict
        What else was passed to fit.

    Returns
    -------
    params : FitParams
        Parameters by receiver.
    """
    if routing_enabled():
        given = params if weights is None else params | {"sample_weight": weights}
        return _routed(owner, [name for name, _ in members], given)
    if params:
        msg = (
            f"fit got {sorted(params)}, which can only be passed on with metadata "
            "routing: sklearn.set_config(enable_metadata_routing=True)."
        )
        raise TypeError(msg)
    if weights is None:
        return FitParams([{} for _ in members], {}, {})
    return FitParams(
        [weight_params(name, estimator, weights) for name, estimator in members],
        {},
        {} if final is None else weight_params("final_estimator", final, weights),
    )
