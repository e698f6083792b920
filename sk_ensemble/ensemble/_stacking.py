"""Stacking forward in time."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble._cross_fit import CrossFit
from sk_ensemble.ensemble._final_estimator import (
    FinalChooser,
    FinalModel,
    member_weights,
)
from sk_ensemble.ensemble._listed import ListedEnsemble
from sk_ensemble.ensemble._meta_features import meta_features, meta_names
from sk_ensemble.ensemble._passthrough import passed_features
from sk_ensemble.utils.sklearn_api import HasMethods, StrOptions

__all__ = ["PurgedStackingClassifier"]

#: Strength of the default final estimator. On out-of-fold predictions of synthetic and
#: real bars, values from 0.02 to 0.05 had the least cross-fitted loss.
_C = 0.03
_METHODS = ("predict_proba", "decision_function", "predict")


class PurgedStackingClassifier(ListedEnsemble):
    """Train a final classifier on what the members predict out of fold.

    Like `sklearn.ensemble.StackingClassifier`, for splits that are no partition of the
    rows: walk-forward splits leave the first rows without a prediction, combinatorial
    ones predict each row several times. The final estimator is trained only on rows
    that have out-of-fold predictions (averaged, where there are several); the others
    train the members that are refitted in the end.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members, which may be Pipelines with windows and features of their own;
        "drop" in place of a classifier leaves it out.
    final_estimator : classifier or None, default=None
        Trained on the predictions; it must have `predict_proba`. None: multinomial
        logistic regression on log odds, see the Notes; behind a `StandardScaler` with
        `passthrough`.
    cv : cross-validator or list of (train, test)
        Any splitter, or row numbers. A splitter that purges should be used, so that no
        member is asked about labels that overlap those it was trained on; rows that a
        fold trains on and tests at once are refused.
    passthrough : bool, default=False
        Whether the final estimator sees the features of each sample's own bar too.
    stack_method : str, default="auto"
        How the members are asked. "predict_proba", "decision_function" or "predict" (as
        columns of 0 and 1): so. "log_odds": for probabilities, passed on as log odds
        of each class against the geometric mean of all. "auto": log odds for the
        default final estimator, else probabilities; of a member without them, the
        decision function, else its choices as columns of 0 and 1.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    refit : {"full", "folds"}, default="full"
        What predicts new samples. "full": members refitted on all samples. "folds":
        the mean of the models of the folds, which are kept, and nothing is refitted.
        With walk-forward folds the early ones have seen little.
    memory : str, Memory or None, default=None
        A folder, or a `joblib.Memory`, in which fits of members are remembered, so that
        a change of the others, or of the combination, does not repeat them.

    Attributes
    ----------
    final_estimator_ : classifier
        The final estimator, trained on all rows with predictions.
    weights_ : dict of str to float
        Weight of each member, only where the final estimator has any. From `coef_`, how
        far the log odds of the ensemble follow those of the member: 1 for a member
        whose log odds it repeats. From `feature_importances_`, the sum over the
        columns of the member.
    stack_method_ : list of str
        How each member is asked.
    oof_predictions_ : dict of str to ndarray of shape (n_samples, n_outputs)
        Out-of-fold predictions of each member in the order of the samples; the mean
        where several folds test a row, NaN where none does.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the ensemble, each row's by a combination that was chosen
        without it and without the rows whose labels overlap its own. NaN where there
        is no prediction, or nothing to choose by before it.
    oof_score_ : float
        Minus the log loss over the rows of `oof_proba_`: none has chosen what it is
        judged by.
    member_scores_ : dict of str to float
        The same of each member over the same rows, NaN for one without probabilities.
    estimators_ : list of classifier
        The fitted members; with ``refit="folds"`` lists of models, one per
        fold. Absent if made by `from_oof` without members.
    named_estimators_ : Bunch
        The same by name. Absent if made by `from_oof` without members.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; all of `y`, whether a fold has them or not.
    n_features_in_ : int
        Features per bar. Absent if made by `from_oof` without members.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        For labels or weights that cannot be used as they are, folds that train on what
        they test, and too few rows with predictions to choose by.
    EmptyFoldError
        If the splitter leaves a fold without rows.
    ValueError
        If a member is no classifier or lacks the method to predict by.

    See Also
    --------
    GreedyEnsembleClassifier : Weights by greedy selection.
    WeightedVoteClassifier : Weights of least log loss.

    Notes
    -----
    A prediction sees the bars that its members see and no others. No row of the final
    estimator's training set was predicted by a member trained on it, nor, with a
    splitter that purges, on a row whose label overlaps its own.

    The default final estimator is a multinomial logistic regression (``C=0.03``) on log
    odds. On those, what is to be learnt is linear: to trust a member is to repeat its
    log odds, to find it too sure of itself is to shrink them, and to mix two is to add
    theirs. Probabilities would need a curve for each of these. It has few coefficients,
    which are all that a few noisy classes can determine, and the penalty draws them
    towards the class shares, which is where a stack without knowledge belongs.
    Probabilities below 0.001 are raised to it first, so that the noughts of a tree or
    of nearest neighbours do not outweigh all else.

    `oof_proba_` is cross-fitted at the level of the combination: in each fold the final
    estimator is trained on the fold's training rows with predictions, and applied to
    the rows the fold tests. Their labels did reach the members that made those
    predictions, unless the folds walk forward; with the few coefficients of a
    combination the effect is small. Samples that took no part at all, later ones best,
    remain the last word.

    A class that the training rows of a fold lack has probability 0 in it.

    References
    ----------
    Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5(2), 241-259.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import Panel, Windower, WalkForwardSplit, create
    >>> from sk_ensemble.datasets import make_bars
    >>> from sk_ensemble.ensemble import PurgedStackingClassifier
    >>> from sk_ensemble.preprocessing import bar_features
    >>> data = make_bars(1500, 1, random_state=0)
    >>> panel = Panel.from_frame(
    ...     bar_features(data.bars), features=["close_location", "return_1"]
    ... )
    >>> X, y = panel.align(data.labels)
    >>> members = [
    ...     ("short", make_pipeline(Windower(2), create("logistic", C=1.0))),
    ...     ("long", make_pipeline(Windower(20), create("logistic", C=1.0))),
    ... ]
    >>> stack = PurgedStackingClassifier(members, cv=WalkForwardSplit(4)).fit(X, y)
    >>> list(stack.weights_), stack.oof_score_ > min(stack.member_scores_.values())
    (['short', 'long'], True)
    """

    final_estimator_: Any
    weights_: dict[str, float]
    stack_method_: list[str]
    _combination: FinalModel

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ListedEnsemble.listed_constraints,
        "final_estimator": [HasMethods(["fit", "predict_proba"]), None],
        "passthrough": ["boolean"],
        "stack_method": [StrOptions({"auto", "log_odds", *_METHODS})],
    }

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        final_estimator: Any = None,
        *,
        cv: Any,
        passthrough: bool = False,
        stack_method: str = "auto",
        n_jobs: int | None = None,
        refit: str = "full",
        memory: Any = None,
    ) -> None:
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.passthrough = passthrough
        self.stack_method = stack_method
        self.n_jobs = n_jobs
        self.refit = refit
        self.memory = memory

    def _final(self) -> Any:
        if self.final_estimator is not None:
            return self.final_estimator
        model = LogisticRegression(C=_C, tol=1e-6, max_iter=1000)
        return make_pipeline(StandardScaler(), model) if self.passthrough else model

    def _extra(self, X: Any) -> FloatArray | None:
        return passed_features(X) if self.passthrough else None

    def _reading(self, name: str, estimator: Any) -> str:
        if self.stack_method in ("auto", "log_odds"):
            wanted = _METHODS if self.stack_method == "auto" else _METHODS[:1]
        else:
            wanted = (self.stack_method,)
        found = next((way for way in wanted if hasattr(estimator, way)), None)
        if found is None:
            msg = (
                f"Member {name!r} ({type(estimator).__name__}) has no "
                f"{' or '.join(wanted)}. Choose another stack_method or member."
            )
            raise ValueError(msg)
        return self._reading_of_proba() if found == "predict_proba" else found

    def _learn(self, *known: Any) -> None:
        if self.passthrough or self.stack_method in _METHODS[1:]:
            msg = (
                "from_oof has probabilities of members and nothing else, so it cannot "
                f"do with passthrough={self.passthrough} and stack_method="
                f"{self.stack_method!r}. Use fit, or 'auto', 'log_odds' or "
                "'predict_proba' without passthrough."
            )
            raise ValueError(msg)
        super()._learn(*known)

    def _reading_of_proba(self) -> str:
        is_default = self.final_estimator is None and self.stack_method == "auto"
        as_odds = is_default or self.stack_method == "log_odds"
        return "log_odds" if as_odds else "predict_proba"

    def _readings(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._read_by[name] for name in names)

    def _chooser(self, names: tuple[str, ...]) -> FinalChooser:
        final = self._final()
        if not is_classifier(final):
            msg = f"final_estimator must be a classifier, got {type(final).__name__}."
            raise ValueError(msg)
        return FinalChooser(final, self._readings(names), self.classes_)

    def _keep(self, names: tuple[str, ...], crossed: CrossFit) -> None:
        self.final_estimator_ = self._combination.estimator
        self.stack_method_ = list(self._readings(names))
        n_outputs = [self.oof_predictions_[name].shape[1] for name in names]
        weights = member_weights(self._combination, names, tuple(n_outputs))
        self.__dict__.pop("weights_", None)
        if weights is not None:
            self.weights_ = weights

    def meta_features(self, X: Any) -> pd.DataFrame:
        """Return what the final estimator sees of samples.

        Parameters
        ----------
        X : Panel, Windows, DataFrame or array-like of n_samples rows
            The samples.

        Returns
        -------
        features : DataFrame of shape (n_samples, n_meta_features)
            The members' predictions side by side, such as ``xgboost[1]`` for class 1,
            then the features passed through.
        """
        predictions = self._predictions(X)
        methods = self._readings(self._names)
        table = meta_features(predictions, methods)
        names = meta_names(predictions, self._names, methods, self.classes_)
        return pd.DataFrame(table, columns=names)
