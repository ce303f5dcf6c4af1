"""Settings in texts, and what the command line makes of them."""

import pickle

import pytest
import typer

from cxrtune.cli.main import app
from cxrtune.cli.option_texts import OptionTexts
from cxrtune.errors import CxrtuneError, DataError, DecodingTooSlowError, RecipeError, UnreadableImageError
from cxrtune.recipe import has_key
from cxrtune.shown import listed, quoted, settings_in, short, with_names


@pytest.fixture(scope="module")
def worded():
    """Return a function that gives a text as a command's user sees it."""
    root = typer.main.get_command(app)

    def told(text: str, *arguments: str) -> str:
        return OptionTexts(root, arguments)(text)

    return told


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("another place with `out`.", (), "another place with --out."),
        ("`max_unreadable`", ("pack",), "--max-unreadable"),
        # A parameter is named by what the running command calls it.
        ("`folder`", ("download", "nih"), "--to"),
        ("`queue`", ("dicom-node", "status"), "--queue"),
        ("`tables`", ("cohort",), "--csv"),
        # `verify` has an argument of this name, which cannot be written as an option.
        ("`data`", ("verify", "nih"), "--data"),
        ("`workers=1`", ("run",), "--workers 1"),
        ("`thresholds` ours=0.5", ("evaluate",), "--threshold ours=0.5"),
        ("`anew`", ("predict",), "--anew"),
        ("`anew=True`", ("predict",), "--anew"),
        ("`decode=False`", ("verify",), "--no-decode"),
        ("`training.epochs=3`", ("train",), "--set training.epochs=3"),
        ("`bank.views=2`", ("train",), "--views 2"),
        ("`bank.precision=int8`", ("run",), "--bank-precision int8"),
        ("`bank.precision=int8`", ("demo",), "--set bank.precision=int8"),
        ("`bank.store=none`", ("run",), "--bank off"),
        ("`bank.store=none`", ("demo",), "--set bank.store=none"),
        (
            "Make one with: `cxrtune.experiment.pack cohort=FILE data=DIR out=DIR`",
            ("train",),
            "Make one with: cxrtune pack --cohort FILE --data DIR --out DIR",
        ),
        (
            "Export it with: `cxrtune.experiment.export` MODEL `kind=onnx`",
            ("predict",),
            "Export it with: cxrtune export MODEL --to onnx",
        ),
        ("run `cxrtune.experiment.evaluate` again", ("report",), "run `cxrtune evaluate` again"),
        ("See with `cxrtune.serving.dicom_node.queue.status`.", (), "See with `cxrtune dicom-node status`."),
    ],
)
def test_the_command_line_writes_its_options_and_commands(worded, text, arguments, expected):
    assert worded(text, *arguments) == expected


@pytest.mark.parametrize(
    "text",
    [
        "no marks",
        "`ray start --head`",
        "`bank.nothing`",
        "`cxrtune.nothing`",
        "`no_such_setting`",
        "one ` alone",
    ],
)
def test_what_is_no_setting_stays(worded, text):
    assert worded(text, "run") == text


def test_a_users_own_names_are_no_settings(worded):
    for told in (quoted("`out`"), short("`out`"), listed(["`out`"])):
        assert "\\x60out\\x60" in told
        assert worded(told) == told
    error = DataError("is damaged", path="`out`")
    assert str(error) == "\\x60out\\x60: is damaged"
    assert error.settings == ()


def test_the_command_line_writes_options_into_errors_and_warnings(cxrtune, tmp_path):
    seen = cxrtune("pack", "--cohort", tmp_path / "none.parquet", "--data", tmp_path, "--out", tmp_path / "p")
    assert seen.refused().endswith("\nMake one with: cxrtune cohort --data DIR --out FILE\n")
    seen = cxrtune("run", "--data", tmp_path, "--out", tmp_path / "r", "--set", "seed.x=1").refused(2)
    assert "--set" in seen


def test_an_error_lists_its_settings():
    error = CxrtuneError(
        "`overrides`: wrong",
        remedy="Choose `out`, or `bank.views=2`: `cxrtune.experiment.pack data=DIR`, `out`.",
    )
    assert error.settings == ("overrides", "out", "bank.views", "data")
    assert settings_in("nothing") == ()
    assert with_names("`out` and `x`", {"out": "parameter 'out'"}.get) == "parameter 'out' and `x`"


def test_recipes_have_the_keys_that_they_have():
    assert has_key("training.epochs")
    assert has_key("seed")
    assert not has_key("training.no_such_key")
    assert not has_key("nothing.epochs")
    assert not has_key("seed.deeper")


@pytest.mark.parametrize(
    "error",
    [
        DataError("is damaged", path="a/b.csv", remedy="Mend it."),
        RecipeError("unknown key", key="training.x", path="recipe"),
        UnreadableImageError("is empty", path="a.png"),
        DecodingTooSlowError(2.5),
    ],
)
def test_an_error_comes_through_pickling_as_it_was(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    assert again.args == error.args
