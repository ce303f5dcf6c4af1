"""What the quality checks say, in which words."""

import numpy as np
import pytest

from cxrtune.images.radiograph import Radiograph
from cxrtune.images.reading import appearance_of
from cxrtune.models.description import POSES, GateInfo
from cxrtune.scoring.quality import assess

GATE = GateInfo(threshold=1.1, fitted_on=100, chosen_on=50)
ORDINARY = np.tile(np.arange(256, dtype=np.uint8), (256, 1))


def judged(pixels=ORDINARY, ood_score=(0, 0, 0), pose=0, gate=GATE):
    log_probability = np.full(16, -9.0, dtype=np.float32)
    log_probability[pose] = 0
    packed = (pixels >> 8 if pixels.dtype == np.uint16 else pixels).astype(np.uint8)
    appearance = appearance_of(Radiograph(pixels), packed)
    return assess(appearance, np.array(ood_score, np.float32), log_probability, gate)


def test_an_ordinary_image_has_no_flag():
    quality = judged(ood_score=(0.2, 1.0, -3))
    assert quality.flags == ()
    assert quality.fit
    assert quality.ood_score == 1.0
    assert quality.ood_threshold == 1.1


@pytest.mark.parametrize("pose", [1, 2, 4, 8, 13])
def test_a_turned_image_is_told_as_such(pose):
    (flag,) = judged(ood_score=(0.5, 1.0, 2.0), pose=pose).flags
    assert (flag.name, flag.text) == ("pose", f"looks {POSES[pose]}")


@pytest.mark.parametrize("ood_score", [(3, 0, 0), (0, 3, 0), (3, 0, 2), (0, 0, 2)])
def test_another_kind_of_image_is_told_as_such(ood_score):
    pose = 3 if ood_score[0] else 0
    (flag,) = judged(ood_score=ood_score, pose=pose).flags
    assert flag.name == "unlike_training"
    assert flag.text == "does not look like a frontal chest radiograph of the training data"


def test_blank_is_blank_and_nothing_else():
    (flag,) = judged(np.full((200, 200), 7, np.uint8), ood_score=(9, 9, 9), pose=5).flags
    assert (flag.name, flag.text) == ("blank", "is blank: all of one grey")


def test_little_contrast_is_told_with_its_share():
    pixels = np.tile(np.linspace(100, 113, 200).astype(np.uint8), (200, 1))
    (flag,) = judged(pixels).flags
    assert (flag.name, flag.text) == ("low_contrast", "uses only 5% of the grey range")


def test_a_tiny_image_is_told_with_its_size():
    (flag,) = judged(ORDINARY[:111]).flags
    assert (flag.name, flag.text) == ("tiny", "is only 256 x 111 pixels")


def test_a_model_without_a_gate_says_that_nothing_was_checked():
    quality = judged(ood_score=(np.nan,) * 3, gate=None)
    assert [flag.name for flag in quality.flags] == ["not_checked"]
    assert "has no OOD check" in quality.flags[0].text
    assert quality.fit
    assert quality.ood_score is None
