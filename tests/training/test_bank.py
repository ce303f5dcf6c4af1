"""The feature bank against running the trunk anew."""

import numpy as np
import pytest
import torch

from cxrtune.errors import OutputError
from cxrtune.training.augmentation import view_of
from cxrtune.training.bank import bank_bytes, build_bank, view_files


def trunk_output(network, picture):
    with torch.inference_mode():
        return network.features(torch.from_numpy(picture)[None])[0].permute(1, 2, 0).numpy()


def test_rows_are_the_readable_images_train_first(bank, cohort, pack):
    assert bank.sizes == {"train": 39, "validation": 10, "test": 10}
    assert 7 not in bank.rows
    for split in ("train", "validation", "test"):
        rows = bank.rows[bank.span(split)]
        assert set(cohort.frame["split"].iloc[rows]) == {split}
        assert (np.diff(rows) > 0).all()


def test_only_training_images_have_augmented_views(bank):
    assert [len(view) for view in bank.views] == [59, 39, 39]


@pytest.mark.parametrize("view", [0, 1, 2])
def test_each_row_is_the_trunks_output_of_its_view(bank, network, pack, recipe, view):
    for item in (0, 17, 38):
        row = int(bank.rows[item])
        picture = view_of(pack.pixels[row], recipe.augmentation, seed=recipe.seed, row=row, view=view)
        expected = trunk_output(network, np.ascontiguousarray(picture))
        # float16 keeps eleven bits: half a unit in the last place is 2**-11 of the value.
        np.testing.assert_allclose(bank.views[view][item], expected, rtol=2**-10, atol=1e-4)


def test_validation_and_test_pictures_are_plain(bank, network, pack):
    for item in (40, 55):
        expected = trunk_output(network, pack.pixels[int(bank.rows[item])])
        np.testing.assert_allclose(bank.views[0][item], expected, rtol=2**-10, atol=1e-4)


def test_pooled_features_are_the_mean_over_the_map(bank):
    pooled = bank.pooled(bank.span("validation"))
    np.testing.assert_allclose(
        pooled, bank.views[0][bank.span("validation")].astype(np.float64).mean(axis=(1, 2)), rtol=1e-5
    )


def test_the_announced_size_is_the_size(bank, cohort, pack, recipe, tmp_path, network):
    build_bank(network, cohort, pack, recipe, tmp_path)
    written = sum((tmp_path / name).stat().st_size for name in view_files(3))
    header = 3 * 128
    assert written - header == bank_bytes(cohort, pack, recipe)


def test_building_twice_gives_the_same_bytes(bank, cohort, pack, recipe, tmp_path, network):
    build_bank(network, cohort, pack, recipe, tmp_path)
    for name, view in zip(view_files(3), bank.views, strict=True):
        assert np.array_equal(np.load(tmp_path / name), view)


def test_a_folder_that_cannot_be_written_is_named(cohort, pack, recipe, tmp_path, network):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        build_bank(network, cohort, pack, recipe, tmp_path / "file" / "bank")
