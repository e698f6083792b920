"""What is known of a model without importing it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ModelInfo"]


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """Describe a registered model.

    Parameters
    ----------
    name : str
        Short name, such as ``"xgboost"``.
    family : str
        Family the model belongs to, such as ``"boosting"``.
    description : str
        One line that says what the model is.
    requires_gpu : bool, default=False
        Whether it cannot be fitted without a CUDA device.
    multivariate : bool, default=True
        Whether it takes several features per bar.
    needs_windows : bool, default=False
        Whether it is made for windows of several bars; such a model accepts
        single bars, as windows of length 1, but has little to learn from them.
    allows_nan : bool, default=False
        Whether features may be missing.

    See Also
    --------
    model_info : Look up the description of one model.
    list_models : Show the descriptions of all models.

    Examples
    --------
    >>> from sk_ensemble.registry import ModelInfo
    >>> ModelInfo(name="echo", family="baseline", description="Repeat.").full_name
    'baseline:echo'
    """

    name: str
    family: str
    description: str
    requires_gpu: bool = False
    multivariate: bool = True
    needs_windows: bool = False
    allows_nan: bool = False

    @property
    def full_name(self) -> str:
        """Family and name, which no two models share."""
        return f"{self.family}:{self.name}"
