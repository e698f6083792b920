"""One classifier fitted with several seeds: mean, and spread."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import entr
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import Tags, check_random_state, get_tags
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._features import record_features
from sk_ensemble.ensemble._member_fits import (
    Execution,
    Member,
    TrainingRows,
    fit_whole,
    predict_member,
)
from sk_ensemble.ensemble._member_list import refuse_no_classifier
from sk_ensemble.ensemble._order import arrange, arrange_params, canonical_order
from sk_ensemble.ensemble._plan import checked_weights, indexed_samples
from sk_ensemble.ensemble._routing import route_fit, router_of
from sk_ensemble.ensemble._seeds import draw_seeds, with_seed
from sk_ensemble.estimator import check_labels
from sk_ensemble.panel import refuse_other_index
from sk_ensemble.utils.sklearn_api import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    fit_context,
    fit_task,
)

__all__ = ["SeedEnsembleClassifier"]

_NAME = "estimator"
_METHOD = "predict_proba"


class SeedEnsembleClassifier(
    CallbackSupportMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Average one classifier over several seeds, and tell how far they disagree.

    A network depends on the weights it begins with and on the order of its batches.
    The mean over several seeds depends on them less and mostly predicts better (deep
    ensembles [1]_). Where the members disagree, the data have not decided what is to
    be predicted: `predict_uncertainty` tells that apart from an outcome that is open
    whatever is known.

    Parameters
    ----------
    estimator : classifier
        What is fitted, such as a network or a Pipeline that ends with one. Each of its
        parameters called `random_state`, nested ones too, gets a seed.
    n_seeds : int, default=5
        How often.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    random_state : int, RandomState instance or None, default=None
        What the seeds are drawn from. More of them leave the first ones as they are.

    Attributes
    ----------
    estimators_ : list of classifier
        The fitted classifiers, one per seed.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        For labels or weights that cannot be used as they are.
    ValueError
        If the estimator is no classifier, or draws nothing.

    See Also
    --------
    PurgedStackingClassifier : Combine classifiers of different kinds.
    sk_ensemble.neural_network.InceptionTimeClassifier : Such an ensemble by itself.

    Notes
    -----
    A prediction sees the bars that the classifier sees and no others.

    References
    ----------
    .. [1] B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and Scalable
       Predictive Uncertainty Estimation using Deep Ensembles", NeurIPS 2017.

    Examples
    --------
    Where there was nothing to learn from, the members disagree.

    >>> import numpy as np
    >>> from sk_ensemble import MLPNetClassifier
    >>> from sk_ensemble.ensemble import SeedEnsembleClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> net = MLPNetClassifier(hidden_sizes=[16], max_epochs=30, learning_rate=0.03)
    >>> model = SeedEnsembleClassifier(net, random_state=0).fit(X, X[:, 0] > 0)
    >>> seen, never_seen = model.predict_uncertainty([[2.0, 0.0], [0.0, 30.0]])
    >>> bool(seen < 0.01 < 0.05 < never_seen)
    True
    """

    estimators_: list[Any]
    classes_: np.ndarray
    n_features_in_: int
    feature_names_in_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "n_seeds": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_seeds: int = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_seeds = n_seeds
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Fit the classifier with each seed.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The training samples, in any order.
        y : array-like of shape (n_samples,)
            Labels of any kind.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Non-negative weights. A Pipeline hands them to its last step. With metadata
            routing, they go to whoever requests them.
        **params : dict
            With metadata routing enabled, passed to whoever requests them. Refused
            without.

        Returns
        -------
        self : object
            The fitted ensemble.
        """
        refuse_no_classifier(_NAME, self.estimator)
        X = indexed_samples(X)
        labels = check_labels(self, X, y)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        for name, value in params.items():
            refuse_other_index(X, value, name=name)
        weights = checked_weights(X, sample_weight, codes)
        given = None if sample_weight is None else weights
        [own] = route_fit(self, self._receivers(), None, given, params).members
        order = canonical_order(X, codes, weights)
        members = self._members(arrange_params(own, order))
        rows = TrainingRows(arrange(X, order), labels[order], self.classes_)
        with fit_task(self, X, y, max_subtasks=self.n_seeds) as context:
            execution = Execution(None, self.n_jobs, self, context)
            self.estimators_ = fit_whole(members, rows, execution)
        record_features(self, X, self.estimators_[0])
        return self

    def _members(self, params: dict[str, Any]) -> list[Member]:
        """Return the classifier with each of the seeds."""
        seeds = draw_seeds(check_random_state(self.random_state), self.n_seeds)
        return [
            Member(f"seed-{number}", with_seed(self.estimator, seed), _METHOD, params)
            for number, seed in enumerate(seeds)
        ]

    def _receivers(self) -> list[tuple[str, Any]]:
        """Return the classifier, to which metadata may go."""
        return [(_NAME, self.estimator)]

    def predict_members(self, X: Any) -> FloatArray:
        """Predict the probability of each class with each of the classifiers.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        proba : ndarray of shape (n_seeds, n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        check_is_fitted(self, "estimators_")
        said = [
            predict_member(estimator, X, _METHOD, self.classes_)
            for estimator in self.estimators_
        ]
        return np.stack(said)

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class: the mean over the seeds.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        return self.predict_members(X).mean(axis=0)

    def predict_uncertainty(self, X: Any) -> FloatArray:
        """Tell how far the classifiers disagree about each sample.

        That is the mutual information between the outcome and the seed: the entropy of
        the mean probabilities less the mean entropy of the members'. Where all say the
        same it is 0, be that sure or unsure; at most, it is the entropy of the mean,
        where each is sure of something else.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        uncertainty : ndarray of shape (n_samples,)
            Mutual information, nats, from 0 to the logarithm of the number of classes.
        """
        members = self.predict_members(X)
        of_mean = entr(members.mean(axis=0)).sum(axis=1)
        of_members = entr(members).sum(axis=2).mean(axis=0)
        # Never below zero but for rounding.
        return np.maximum(of_mean - of_members, 0.0)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the most probable class.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        proba = self.predict_proba(X)
        return self.classes_[np.argmax(proba, axis=1)]

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata such as `sample_weight` reaches the classifier.

        Returns
        -------
        routing : MetadataRouter
            The routing of scikit-learn's metadata routing API.
        """
        return router_of(self, self._receivers(), None)

    def __sklearn_tags__(self) -> Tags:
        """Describe the ensemble to scikit-learn: it takes what the classifier takes."""
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "fit"):
            inner = get_tags(self.estimator).input_tags
            tags.input_tags.allow_nan = inner.allow_nan
            tags.input_tags.three_d_array = inner.three_d_array
        return tags
