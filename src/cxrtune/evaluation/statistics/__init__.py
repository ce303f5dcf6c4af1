"""Statistical uncertainty: variances, patient bootstrap, paired tests, corrections for multiple tests."""
