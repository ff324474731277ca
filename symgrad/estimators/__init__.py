"""scikit-learn estimators: a model as a regressor or a classifier, for pipelines and searches.

Needs scikit-learn: pip install 'symgrad[sklearn]'.
"""

from symgrad.errors import SymgradError

try:
    from symgrad.estimators.classifier import SymbolicClassifier
    from symgrad.estimators.regressor import SymbolicRegressor
except ImportError as missing:
    if not (missing.name or "").startswith(("sklearn", "scipy", "joblib")):
        raise
    raise SymgradError("the estimators need scikit-learn; install it with: pip install 'symgrad[sklearn]'") from missing

__all__ = ["SymbolicClassifier", "SymbolicRegressor"]
