import numpy as np
import pytest

from benchmark import data
from benchmark.errors import MettleError
from benchmark.training.examples import training_examples, without_classes
from benchmark.training.recipe import Optimizer, Recipe

RECIPE = Recipe(
    dataset="digits",
    architecture="linear",
    mean=[0.0],
    std=[1.0],
    seeds=[1],
    epochs=1,
    batch_size=64,
    optimizer=Optimizer(learning_rate=0.1),
)


def test_held_out_classes_leave_and_the_others_keep_their_order():
    part = data.load("digits", "train", progress=False)
    examples = training_examples(RECIPE, ["8", "4"], progress=False)
    assert examples.class_names == ("0", "1", "2", "3", "5", "6", "7", "9")
    kept = ~np.isin(part.labels, (4, 8))
    assert np.array_equal(examples.images, part.images[kept])
    names = np.array(examples.class_names)
    assert np.array_equal(names[examples.labels], part.labels[kept].astype(str))
    assert examples.labels.dtype == np.int64
    assert examples.pixels_sha256 == part.pixels_sha256
    assert examples.groups is None


def test_the_leading_examples_are_counted_before_classes_are_held_out():
    part = data.load("digits", "train", progress=False)
    recipe = RECIPE.model_copy(update={"first_examples": 50})
    examples = training_examples(recipe, ["0"], progress=False)
    assert len(examples.images) == np.sum(part.labels[:50] != 0)


@pytest.mark.parametrize(
    ("held_out", "says"),
    [(["bag"], "classes are 0, 1"), ([str(digit) for digit in range(9)], "at least two classes stay")],
)
def test_impossible_hold_outs_are_refused(held_out, says):
    with pytest.raises(MettleError, match=says):
        training_examples(RECIPE, held_out, progress=False)


def test_without_classes_tells_who_stays():
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    kept_images, labels, names, kept = without_classes(images, np.array([2, 0, 1, 2]), ("a", "b", "c"), ["b"])
    assert kept_images.ravel().tolist() == [0, 1, 3]
    assert labels.tolist() == [1, 0, 1]
    assert names == ("a", "c")
    assert kept.tolist() == [True, True, False, True]
