import copy

import pytest
import torch
from checkpoints import CLASSES, load, net
from safetensors.torch import save_file
from torch import nn

from benchmark.errors import MettleError
from benchmark.models import flops_per_image


def refusal(path, architecture="lenet5", task=None, **spec) -> str:
    with pytest.raises(MettleError) as caught:
        load(path, architecture, task, **spec)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path.name) in text or architecture in text
    return text


@pytest.fixture
def images():
    return torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))


WRAPPINGS = {
    "plain": (lambda state: state, ()),
    "state_dict": (lambda state: {"state_dict": state, "epoch": 3}, ("opened 'state_dict', left 'epoch'",)),
    "model and ema": (lambda state: {"model": state, "ema": state}, ("opened 'model', left 'ema'",)),
    "ema": (lambda state: {"ema": state, "best": 0.5}, ("opened 'ema', left 'best'",)),
    "net": (lambda state: {"net": state}, ("opened 'net'",)),
    "nested": (lambda state: {"model": {"state_dict": state}}, ("opened 'model'", "opened 'state_dict'")),
    "parallel": (lambda state: {f"module.{k}": v for k, v in state.items()}, ("removed prefix 'module.'",)),
    "compiled and parallel": (
        lambda state: {f"module._orig_mod.{k}": v for k, v in state.items()},
        ("removed prefix 'module.'", "removed prefix '_orig_mod.'"),
    ),
    "averaged": (
        lambda state: {"n_averaged": torch.tensor(7)} | {f"module.{k}": v for k, v in state.items()},
        ("left 'n_averaged'", "removed prefix 'module.'"),
    ),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("zipped", [True, False])
def test_wrappings_are_opened_and_told(tmp_path, images, wrapping, zipped):
    wrap, said = WRAPPINGS[wrapping]
    torch.save(wrap(net().state_dict()), tmp_path / "net.pth", _use_new_zipfile_serialization=zipped)
    loaded = load(tmp_path / "net.pth")
    assert loaded.stripped == said
    assert torch.allclose(loaded.module(images), net()(images), atol=1e-5)


def test_safetensors_half_precision_and_weight_bytes(tmp_path, images):
    original = net().half()
    save_file(original.state_dict(), tmp_path / "net.safetensors")
    loaded = load(tmp_path / "net.safetensors")
    expected = original.float()(images)
    assert torch.allclose(loaded.module(images), expected, atol=1e-5)
    assert loaded.module(images).dtype == torch.float32
    assert loaded.parameters == sum(parameter.numel() for parameter in original.parameters())
    assert loaded.weight_bytes == 2 * loaded.parameters
    assert not loaded.module.training


def test_content_decides_not_the_suffix(tmp_path):
    save_file(net().state_dict(), tmp_path / "weights.pth")
    assert load(tmp_path / "weights.pth").parameters > 0


def test_normalization_and_double_precision(tmp_path, images):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    module = load(tmp_path / "net.safetensors", mean=[0.25], std=[0.5]).module
    assert torch.allclose(module(images), net()((images - 0.25) / 0.5), atol=1e-5)
    exact = copy.deepcopy(module).double()(images.double())
    assert exact.dtype == torch.float64
    reference = net().double()((images.double() - 0.25) / 0.5)
    assert torch.allclose(exact, reference, atol=1e-12)


def test_resize_and_grey_images_for_a_colour_net(tmp_path, images):
    save_file(net(in_channels=3, image_size=32).state_dict(), tmp_path / "net.safetensors")
    module = load(tmp_path / "net.safetensors", in_channels=3, image_size=32, resize=32, mean=[0.1, 0.2, 0.3]).module
    large = nn.functional.interpolate(images, size=(32, 32), mode="bilinear", antialias=True)
    shifted = large.expand(-1, 3, -1, -1) - torch.tensor([0.1, 0.2, 0.3]).view(1, 3, 1, 1)
    assert torch.allclose(module(images), net(in_channels=3, image_size=32)(shifted), atol=1e-5)


def test_foreign_architecture_end_to_end(tmp_path, images):
    original = net("torchvision:squeezenet1_1", in_channels=3, image_size=64)
    save_file(original.state_dict(), tmp_path / "net.safetensors")
    module = load(tmp_path / "net.safetensors", "torchvision:squeezenet1_1", in_channels=3, resize=64).module
    large = nn.functional.interpolate(images, size=(64, 64), mode="bilinear", antialias=True)
    assert torch.allclose(module(images), original(large.expand(-1, 3, -1, -1)), atol=1e-5)


def test_loading_leaves_the_global_generator_alone(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load(tmp_path / "net.safetensors")
    assert torch.equal(torch.rand(3), expected)


def test_checkpoints_from_before_batch_counters_load(tmp_path):
    state = net("resnet8").state_dict()
    torch.save({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, tmp_path / "old.th")
    (note,) = load(tmp_path / "old.th", "resnet8").stripped
    assert note == "lacks 7 num_batches_tracked, which evaluation does not read"


def test_keys_must_agree(tmp_path):
    state = net().state_dict()
    del state["fc_1.bias"], state["fc_3.bias"]
    save_file(state | {"head.weight": torch.zeros(2)}, tmp_path / "net.safetensors")
    text = refusal(tmp_path / "net.safetensors")
    assert "lacks 'fc_1.bias', 'fc_3.bias' and has unknown 'head.weight'" in text


def test_other_architecture_is_recognised(tmp_path):
    save_file(net("resnet32", in_channels=3, image_size=32).state_dict(), tmp_path / "net.safetensors")
    text = refusal(tmp_path / "net.safetensors", "resnet20", {"in_channels": 3, "image_size": 32})
    assert "The weights fit 'resnet32'." in text
    assert "and 57 more" in text or "more" in text


def test_shape_of_a_layer(tmp_path):
    state = net().state_dict() | {"fc_2.weight": torch.zeros(84, 121)}
    save_file(state, tmp_path / "net.safetensors")
    assert "'fc_2.weight' of lenet5 has shape (84, 120), but got (84, 121)" in refusal(tmp_path / "net.safetensors")


def test_number_of_classes(tmp_path):
    save_file(net(num_classes=10).state_dict(), tmp_path / "net.safetensors")
    assert "the net must have 4 classes, but got 10" in refusal(tmp_path / "net.safetensors")


def test_listed_classes(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    assert load(tmp_path / "net.safetensors", classes=list(CLASSES)).parameters
    swapped = refusal(tmp_path / "net.safetensors", classes=["bee", "ant", "cat", "dog"])
    assert "class 0 of the task is 'ant', but got 'bee'" in swapped
    assert "Permute" in swapped
    assert "lists the 4 classes of the task, but got 3" in refusal(
        tmp_path / "net.safetensors", classes=list(CLASSES[:3])
    )
    foreign = refusal(tmp_path / "net.safetensors", classes=["ant", "bee", "cow", "dog"])
    assert "The task's classes are: ant, bee, cat, dog." in foreign


def test_channels_and_size(tmp_path):
    save_file(net(in_channels=3).state_dict(), tmp_path / "rgb.safetensors")
    assert "the net must take 1 channels, but got 3" in refusal(tmp_path / "rgb.safetensors")
    save_file(net(in_channels=1).state_dict(), tmp_path / "grey.safetensors")
    assert "the net must take 3 channels, but got 1" in refusal(tmp_path / "grey.safetensors", task={"in_channels": 3})
    assert "images of the task have 3 channels, but got a net for 1" in refusal(
        tmp_path / "grey.safetensors", task={"in_channels": 3}, in_channels=1
    )
    save_file(net("linear", image_size=32).state_dict(), tmp_path / "large.safetensors")
    text = refusal(tmp_path / "large.safetensors", "linear")
    assert "must take 28 x 28 images, but got 32 x 32" in text
    assert "Declare `resize = 32`" in text
    declared = refusal(tmp_path / "large.safetensors", "linear", image_size=32)
    assert "images reach the net at 28 x 28, but got a net for 32 x 32" in declared
    assert load(tmp_path / "large.safetensors", "linear", image_size=32, resize=32).parameters == 4 * (1024 + 1)


def test_normalization_must_match_the_channels(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    text = refusal(tmp_path / "net.safetensors", mean=[0.1, 0.2, 0.3])
    assert "`mean` has one value, or one for each of 1 channels, but got 3" in text


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(tmp_path, bad):
    state = net().state_dict()
    state["fc_1.weight"][3, 5] = bad
    save_file(state, tmp_path / "net.safetensors")
    text = refusal(tmp_path / "net.safetensors")
    assert "'fc_1.weight' holds NaN or infinity, but got 1 of 48,000 values" in text


def test_weights_that_overflow_float32(tmp_path):
    state = {key: tensor.double() for key, tensor in net().state_dict().items()}
    state["fc_3.bias"][0] = 1e300
    save_file(state, tmp_path / "net.safetensors")
    assert "NaN or infinity" in refusal(tmp_path / "net.safetensors")


def test_logits_that_are_not_finite(tmp_path):
    state = net("resnet8").state_dict()
    state["bn1.running_var"].fill_(-1.0)
    save_file(state, tmp_path / "net.safetensors")
    assert "logits must be finite" in refusal(tmp_path / "net.safetensors", "resnet8")


def test_unknown_architecture(tmp_path):
    save_file(net().state_dict(), tmp_path / "net.safetensors")
    assert "Did you mean 'lenet5'" in refusal(tmp_path / "net.safetensors", "lenet55")


def test_flops_of_a_linear_model_are_two_a_weight(tmp_path):
    save_file(net("linear").state_dict(), tmp_path / "net.safetensors")
    loaded = load(tmp_path / "net.safetensors", "linear")
    assert flops_per_image(loaded.module, (1, 28, 28)) == 2 * 784 * 4
    # A convolution: 2 x 9 x 1 x 8 multiply-adds a position at 12 x 12 without padding.
    convolution = nn.Conv2d(1, 8, 3)
    assert flops_per_image(convolution, (1, 14, 14)) == 2 * 9 * 8 * 12 * 12
