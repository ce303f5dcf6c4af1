"""The calibration error of a perfect model, against labels that are drawn image by image."""

import numpy as np
import pytest

from cxrtune.evaluation.calibration.reliability import error_if_perfect, error_of, reliability


def drawn(probabilities, draws=3000):
    """The error of labels drawn from the probabilities, again and again."""
    random = np.random.default_rng(7)
    return np.array(
        [
            error_of(reliability(random.random(len(probabilities)) < probabilities, probabilities))
            for _ in range(draws)
        ]
    )


@pytest.mark.parametrize(
    ("images", "mean", "spread", "digits"),
    [(216, -2.0, 1.0, 6), (60, 0.0, 2.5, 6), (500, -4.0, 1.5, 6), (300, -1.0, 1.5, 1)],
)
def test_it_is_that_of_labels_drawn_image_by_image(images, mean, spread, digits):
    random = np.random.default_rng(images)
    probabilities = (1 / (1 + np.exp(-random.normal(mean, spread, images)))).round(digits)
    expected, found = drawn(probabilities), error_if_perfect(probabilities, seed=0)
    # Monte-Carlo errors of 3,000 and 2,000 draws, and 2 % for a binomial in the place of a sum of unlike
    # draws.
    assert found.mean == pytest.approx(
        expected.mean(), rel=0.02, abs=4 * expected.std() * np.sqrt(1 / 3000 + 1 / 2000)
    )
    assert found.high == pytest.approx(np.quantile(expected, 0.975), rel=0.05)


def test_sure_probabilities_have_no_error():
    found = error_if_perfect(np.array([0.0] * 40 + [1.0] * 60), seed=0)
    assert (found.mean, found.high) == (0, 0)


def test_the_seed_decides():
    probabilities = np.random.default_rng(0).random(100)
    assert error_if_perfect(probabilities, 1) == error_if_perfect(probabilities, 1)
    assert error_if_perfect(probabilities, 1) != error_if_perfect(probabilities, 2)


def test_one_image_has_the_error_of_one_draw():
    found = error_if_perfect(np.array([0.3]), seed=0)
    # |1 - 0.3| in 3 of 10 draws and 0.3 in the others; 2,000 draws.
    assert found.mean == pytest.approx(0.42, abs=4 * 0.4 * np.sqrt(0.21 / 2000))
    assert found.high == pytest.approx(0.7)
