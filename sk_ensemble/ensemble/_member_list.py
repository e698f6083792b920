"""Members as a list of (name, classifier), with their parameters in reach."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import is_classifier
from sklearn.utils import Bunch

from sk_ensemble.utils.sklearn_api import Composition

__all__ = ["MemberList", "refuse_no_classifier"]


def _is_pair(item: Any) -> bool:
    """Tell whether something is a name with a classifier."""
    return (
        isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str)
    )


def refuse_no_classifier(name: str, estimator: Any) -> None:
    """Raise if a member is no classifier, or a class instead of an object."""
    is_object = hasattr(estimator, "fit") and not isinstance(estimator, type)
    if not is_object or not is_classifier(estimator):
        shown = getattr(estimator, "__name__", type(estimator).__name__)
        msg = (
            f"Member {name!r} must be a classifier object or 'drop', got {shown}. "
            "Classes must be instantiated, and regressors cannot be combined here."
        )
        raise ValueError(msg)


class MemberList(Composition):
    """What classifiers with a parameter `estimators` share.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members; "drop" in place of a classifier leaves it out.
    """

    estimators: list[tuple[str, Any]]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with the members and their parameters by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether members and their parameters are included.

        Returns
        -------
        params : dict
            Values by name, such as ``"xgboost__max_depth"``.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, members, or parameters of members.

        Parameters
        ----------
        **params : dict
            Values by name; a member is replaced by a classifier or left out by
            ``"drop"``.

        Returns
        -------
        self : object
            The ensemble.
        """
        self._set_params("estimators", **params)
        return self

    @property
    def named_estimators(self) -> Bunch:
        """The members by name, unfitted."""
        return Bunch(**dict(self.estimators))

    def _members(self) -> list[tuple[str, Any]]:
        """Return the checked members without those that are dropped."""
        if not self.estimators or not all(_is_pair(item) for item in self.estimators):
            msg = (
                "estimators must be a list of one or more (name, classifier) tuples, "
                f"got {self.estimators!r}."
            )
            raise ValueError(msg)
        self._validate_names([name for name, _ in self.estimators])
        members = [(n, est) for n, est in self.estimators if est != "drop"]
        if not members:
            msg = "All members are dropped. At least one must be left."
            raise ValueError(msg)
        for name, estimator in members:
            refuse_no_classifier(name, estimator)
        return members

    def _receivers(self) -> list[tuple[str, Any]]:
        """Return what looks like members, unchecked."""
        items = self.estimators if isinstance(self.estimators, list) else []
        return [tuple(item) for item in items if _is_pair(item) and item[1] != "drop"]
