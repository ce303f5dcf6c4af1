"""How sure a number is: variances, patient bootstrap, paired tests, corrections for many tests."""
