"""Predictors and instruments under the contract of scikit-learn."""
