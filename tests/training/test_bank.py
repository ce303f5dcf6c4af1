"""The feature bank against running the trunk anew, and what a cut-off build leaves behind."""

import dataclasses

import numpy as np
import pytest
import torch

from command_line import files_below
from cxrtune.engines.torch_engine import TorchEngine
from cxrtune.errors import OutputError
from cxrtune.training.augmentation import view_of
from cxrtune.training.bank import view_file
from cxrtune.training.bank.build import TrunkOutput
from cxrtune.training.bank.plan import plan_bank
from cxrtune.training.bank.view_file import ViewFile, open_bank, view_numbers


def trunk_output(network, image):
    with torch.inference_mode():
        return network.features(torch.from_numpy(image)[None])[0].permute(1, 2, 0).numpy()


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(view_file, "BLOCK", 8)


class CountingEngine(TorchEngine):
    """Counts images, and breaks down after some of them."""

    def __init__(self, network, last=10**9):
        super().__init__(TrunkOutput(network))
        self._last = last
        self.seen = 0

    def stream(self, images):
        for output in super().stream(images):
            self.seen += 1
            if self.seen > self._last:
                raise KeyboardInterrupt
            yield output


def test_rows_are_the_readable_images_train_first(plan, cohort):
    assert plan.sizes == {"train": 39, "validation": 10}
    assert 7 not in plan.rows
    for split in ("train", "validation"):
        rows = plan.rows[plan.span(split)]
        assert set(cohort.frame["split"].iloc[rows]) == {split}
        assert (np.diff(rows) > 0).all()


def test_only_training_images_have_augmented_views(bank):
    assert [len(view) for view in bank.views.values()] == [49, 39, 39]


@pytest.mark.parametrize("view", [0, 1, 2])
def test_each_row_is_the_trunks_output_of_its_view(bank, network, pack, recipe, view):
    for item in (0, 17, 38):
        row = int(bank.plan.rows[item])
        image = view_of(pack.pixels[row], recipe.augmentation, seed=recipe.seed, row=row, view=view)
        expected = trunk_output(network, np.ascontiguousarray(image))
        # float16 keeps eleven bits: half a unit in the last place is 2**-11 of the value.
        np.testing.assert_allclose(bank.views[view][item], expected, rtol=2**-10, atol=1e-4)


def test_validation_images_are_plain(bank, network, pack):
    for item in (40, 48):
        expected = trunk_output(network, pack.pixels[int(bank.plan.rows[item])])
        np.testing.assert_allclose(bank.views[0][item], expected, rtol=2**-10, atol=1e-4)


def test_pooled_features_are_the_mean_over_the_map(bank):
    span = bank.plan.span("validation")
    expected = bank.views[0][span].astype(np.float64).mean(axis=(1, 2))
    np.testing.assert_allclose(bank.pooled(span), expected, rtol=1e-5)


def test_the_announced_size_is_the_size(build, plan, tmp_path):
    build(tmp_path)
    header = 3 * 128
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) - header == plan.bytes(range(3))


def test_building_twice_gives_the_same_bytes(bank, build, tmp_path):
    again = build(tmp_path)
    assert all(np.array_equal(again.views[view], features) for view, features in bank.views.items())


def test_views_are_added_without_touching_those_that_are_there(bank, build, tmp_path, network):
    build(tmp_path, views=[0])
    before = (tmp_path / "view-0.npy").stat().st_mtime_ns
    engine = CountingEngine(network)
    more = build(tmp_path, views=[0, 1, 2], engine=engine)
    assert engine.seen == 2 * 39
    assert (tmp_path / "view-0.npy").stat().st_mtime_ns == before
    assert all(np.array_equal(more.views[view], features) for view, features in bank.views.items())


def test_a_build_that_was_cut_off_goes_on_after_its_last_whole_block(
    bank, build, tmp_path, network, small_blocks
):
    first = CountingEngine(network, last=60)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, engine=first)
    assert not list(tmp_path.glob("*.npy"))
    told = []
    second = CountingEngine(network)
    again = build(tmp_path, engine=second, progress=told.append)
    assert second.seen == (39 - 8) + 39
    # View 0 has 49 rows; of view 1, one block of eight was whole.
    assert told[0] == 49 + 8
    assert sum(told) == 49 + 2 * 39
    assert all(np.array_equal(again.views[view], features) for view, features in bank.views.items())
    assert files_below(tmp_path) == {"view-0.npy", "view-1.npy", "view-2.npy"}


def test_half_a_line_of_notes_is_no_note(tmp_path, small_blocks):
    file = ViewFile(tmp_path, 0, (20, 2, 2, 512))
    file.prepare()
    file.write(slice(0, 8), np.ones((8, 2, 2, 512), np.float16), rank=0)
    (tmp_path / "view-0.done-1").write_text("8\n16")
    assert file.missing_blocks() == [slice(16, 20)]


def test_two_processes_share_the_blocks(bank, build, tmp_path, network, small_blocks, team):
    class Member:
        """One of two processes that take turns instead of running at once."""

        size, is_first = 2, False

        def __init__(self, rank):
            self.rank = rank

        def wait(self):
            pass

    plain = {"views": [0]}
    ViewFile(tmp_path, 0, bank.plan.shape(0)).prepare()
    engines = [CountingEngine(network) for _ in range(2)]
    for rank, engine in enumerate(engines):
        with pytest.raises(FileNotFoundError):  # nobody has given the view its final name
            build(tmp_path, team=Member(rank), engine=engine, **plain)
    # The second sees only what the first has left, and takes its half of that.
    assert [engine.seen for engine in engines] == [25, 8]
    last = CountingEngine(network)
    whole = build(tmp_path, engine=last, **plain)
    assert last.seen == 49 - 25 - 8
    assert np.array_equal(whole.views[0], bank.views[0])


def test_refreshed_views_have_numbers_of_their_own(cohort, pack, recipe):
    fresh = recipe.model_copy(update={"bank": recipe.bank.model_copy(update={"refresh": 2})})
    plan = plan_bank(cohort, pack, fresh)
    assert [plan.views_at(epoch) for epoch in range(5)] == [
        (0, 1, 2), (0, 1, 2), (0, 3, 4), (0, 3, 4), (0, 5, 6),
    ]  # fmt: skip
    never = dataclasses.replace(plan, spec=recipe.bank)
    assert never.views_at(19) == (0, 1, 2)
    alone = dataclasses.replace(plan, spec=recipe.bank.model_copy(update={"views": 1, "refresh": 2}))
    assert [alone.views_at(epoch) for epoch in range(5)] == [(0,), (0,), (1,), (1,), (2,)]
    assert [alone.files_at(epoch) for epoch in (1, 2, 4)] == [(0,), (0, 1), (0, 2)]


def test_a_folder_that_cannot_be_written_is_named(build, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        ViewFile(tmp_path / "file" / "bank", 0, (4, 2, 2, 512)).prepare()


def test_a_full_disk_keeps_what_is_done(build, small_disk, network, small_blocks, bank):
    # Three views take 0.55 MB; the ballast leaves 0.25 MB.
    folder = small_disk.path / "bank"
    folder.mkdir()
    ballast = small_disk.path / "ballast"
    ballast.write_bytes(bytes(1024 * 1024 - 300_000))
    with pytest.raises(OutputError, match="the disk is full") as caught:
        build(folder)
    assert "what is done is kept, and the same command goes on from there" in str(caught.value)
    ballast.unlink()
    engine = CountingEngine(network)
    whole = build(folder, engine=engine)
    assert engine.seen < 49 + 2 * 39
    assert all(np.array_equal(whole.views[view], features) for view, features in bank.views.items())
    del whole  # a disk with open files cannot be unmounted


def test_an_opened_view_is_a_memory_map_of_float16(bank):
    assert isinstance(bank.views[0], np.memmap)
    assert bank.views[0].dtype == np.float16


def test_discarding_leaves_nothing(build, tmp_path, plan):
    build(tmp_path, views=[0, 1])
    (tmp_path / "view-7.unfinished").write_bytes(b"")
    assert view_numbers(tmp_path) == [0, 1, 7]
    for view in view_numbers(tmp_path):
        ViewFile(tmp_path, view, plan.shape(view)).discard()
    assert not files_below(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_bank(tmp_path, plan, [0])


def test_an_engine_leaves_the_tail_in_training(network):
    network.train()
    list(TorchEngine(TrunkOutput(network)).stream([np.zeros((64, 64), np.uint8)]))
    assert network.tail.training
    network.eval()
