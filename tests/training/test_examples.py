import numpy as np
import pytest

from benchmark import data
from benchmark.data.derived.colour import on_background
from benchmark.errors import MettleError
from benchmark.training.examples import training_examples, without_classes
from benchmark.training.plan import Optimizer
from benchmark.training.recipe import Recipe

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


@pytest.mark.slow
def test_groups_are_class_and_background():
    recipe = RECIPE.model_copy(update={"dataset": "fashion-mnist-colour", "sampling": "group_balanced"})
    first = recipe.model_copy(update={"first_examples": 3000})
    examples = training_examples(recipe, ["Coat", "Bag"], progress=False)
    part = data.load("fashion-mnist", "train", progress=False)
    kept = np.flatnonzero(~np.isin(part.labels, (4, 8)))
    classes, backgrounds = np.divmod(examples.groups, 10)
    assert np.array_equal(classes, part.labels[kept])
    assert np.mean(backgrounds == classes) == pytest.approx(0.955, abs=0.005)
    assert len(np.unique(examples.groups)) == 80
    for position in (0, 7, *np.flatnonzero(backgrounds != classes)[:5]):
        index = kept[position]
        shown = on_background(part.images[[index]], np.array([index]), int(backgrounds[position]), "train")
        assert np.array_equal(examples.images[position], shown[0])
    leading = training_examples(first, progress=False)
    assert np.array_equal(leading.groups[np.isin(leading.labels, (4, 8), invert=True)], examples.groups[kept < 3000])


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
