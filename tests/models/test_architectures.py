import pytest
import torch

from benchmark.errors import MettleError
from benchmark.models.architectures import build, names
from benchmark.models.fit import Blueprint

# (name, channels, size, parameters) as published: DC for the ConvNet, LeCun 1998, akamaster's and kuangliu's
# repositories for the ResNets, timm and AugMix for the wide ones.
PUBLISHED_PARAMETERS = [
    ("convnet3", 1, 28, 317_706),
    ("convnet3", 3, 32, 320_010),
    ("convnet3_bn", 3, 32, 320_010),
    ("lenet5", 1, 28, 61_706),
    ("resnet20", 3, 32, 269_722),
    ("resnet32", 3, 32, 464_154),
    ("resnet44", 3, 32, 658_586),
    ("resnet56", 3, 32, 853_018),
    ("resnet18_cifar", 3, 32, 11_173_962),
    ("wrn_28_10", 3, 32, 36_479_194),
    ("wrn_40_2", 3, 32, 2_243_546),
    ("wrn_16_4", 3, 32, 2_748_890),
]


@pytest.mark.parametrize(("name", "channels", "size", "parameters"), PUBLISHED_PARAMETERS)
def test_parameters_are_the_published_ones(name, channels, size, parameters):
    with torch.device("meta"):
        net = build(name, num_classes=10, in_channels=channels, image_size=size)
    assert sum(parameter.numel() for parameter in net.parameters()) == parameters


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize(("channels", "size", "classes"), [(1, 28, 10), (3, 32, 7)])
def test_every_architecture_gives_logits(name, channels, size, classes):
    with torch.device("meta"):
        net = build(name, num_classes=classes, in_channels=channels, image_size=size).eval()
        logits = net(torch.zeros(2, channels, size, size))
    assert logits.shape == (2, classes)


@pytest.mark.parametrize(
    "name", ["convnet3_w32", "convnet2_bn_w16", "resnet8", "airbench_8_8_8", "mlp_w64", "lenet5", "wrn_10_1"]
)
def test_an_image_does_not_feel_its_batch(name):
    torch.manual_seed(0)
    net = build(name, num_classes=10, in_channels=3, image_size=32).eval()
    images = torch.rand(4, 3, 32, 32)
    together, alone = net(images), torch.cat([net(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)
    assert together.std() > 0


def test_only_batch_norm_keeps_statistics_of_the_training_images():
    instance, batch = (
        build(name, num_classes=10, in_channels=1, image_size=28).state_dict()
        for name in ("convnet3_w32", "convnet3_bn_w32")
    )
    assert {key for key in batch if key not in instance} == {
        f"features.{layer}.{what}"
        for layer in (1, 5, 9)
        for what in ("running_mean", "running_var", "num_batches_tracked")
    }


def test_resnet20_has_the_keys_of_the_public_checkpoints():
    keys = set(build("resnet20", num_classes=10, in_channels=3, image_size=32).state_dict())
    assert {"conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer3.2.bn2.bias", "linear.bias"} <= keys
    assert not any("shortcut" in key for key in keys)


def test_option_a_shortcut_subsamples_and_pads_with_zeros():
    from benchmark.models.architectures.cifar_resnet import SubsampleAndPad

    images = torch.arange(32.0).view(1, 2, 4, 4)
    padded = SubsampleAndPad(2)(images)
    assert padded.shape == (1, 4, 2, 2)
    assert torch.equal(padded[:, 1:3], images[:, :, ::2, ::2])
    assert not padded[:, [0, 3]].any()


def test_airbench_whitens_patches():
    torch.manual_seed(0)
    base = torch.randn(400, 1, 12, 12).cumsum(2).cumsum(3)  # strongly correlated neighbours
    net = build("airbench_8_8_8", num_classes=10, in_channels=1, image_size=12)
    net.initialise(base / base.std())
    responses = net.whitening(base / base.std()).permute(1, 0, 2, 3).flatten(1)[:4].double()
    covariance = responses @ responses.T / responses.shape[1]
    correlation = covariance / torch.sqrt(torch.outer(covariance.diag(), covariance.diag()))
    assert (correlation - torch.eye(4)).abs().max() < 1e-3
    assert not net.whitening.weight.requires_grad


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("resnet21", "Did you mean 'resnet"),
        ("airbench_16_32", "Did you mean 'airbench_16_32_64'"),
        ("", "Known: "),
        ("airbench_9999_9999_9999", "no width is above 2048"),
        ("wrn_29_10", "6n + 4"),
        ("timm:resnet18d_", "Did you mean 'timm:resnet18d'"),
        ("timm:hf-hub:org/model", "no such model"),
        ("torchvision:resnet19", "Did you mean 'torchvision:resnet"),
        ("keras:resnet50", "prefix is torchvision: or timm:"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(name, says):
    with pytest.raises(MettleError) as refusal:
        build(name, num_classes=10, in_channels=3, image_size=32)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_image_too_small_for_the_poolings_is_refused():
    with pytest.raises(MettleError, match="cannot be built for 1 x 8 x 8 images"):
        build("airbench_8_8_8", num_classes=10, in_channels=1, image_size=8)


def test_missing_package_says_how_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MettleError, match="pip install timm"):
        build("timm:resnet18", num_classes=10, in_channels=3, image_size=32)


@pytest.mark.parametrize("name", ["torchvision:resnet18", "timm:resnet10t", "timm:vit_tiny_patch16_224"])
def test_foreign_architectures_take_the_classes_and_size_of_the_task(name):
    with torch.device("meta"):
        net = build(name, num_classes=7, in_channels=3, image_size=64).eval()
        assert net(torch.zeros(1, 3, 64, 64)).shape == (1, 7)


def test_shapes_are_known_where_nothing_can_be_built_without_memory():
    before = torch.get_rng_state()
    assert Blueprint("torchvision:regnet_y_400mf", 7, 3, 64).shapes()["fc.weight"] == (7, 440)
    assert torch.equal(torch.get_rng_state(), before)
