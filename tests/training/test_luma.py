import numpy as np
import pytest
import torch
from torch import nn

from benchmark.errors import MettleError
from benchmark.models.architectures import build
from benchmark.training.luma import fold_luma, luma_of


def test_luma_is_that_of_the_standard_in_all_channels():
    pixels = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], dtype=np.uint8).reshape(4, 1, 1, 3)
    luma = luma_of(pixels)
    assert luma.dtype == np.uint8
    assert luma.shape == pixels.shape
    assert luma[:, 0, 0, 0].tolist() == [76, 150, 29, 9]
    assert (luma == luma[..., :1]).all()


@pytest.mark.parametrize("name", ["airbench_16_32_64", "lenet5", "resnet8"])
def test_a_folded_net_gives_for_colours_what_it_gave_for_their_luma(name):
    torch.manual_seed(0)
    net = build(name, num_classes=10, in_channels=3, image_size=28).double().eval()
    colours = torch.rand(6, 3, 28, 28, dtype=torch.float64)
    grey = (colours * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True).expand(-1, 3, -1, -1)
    with torch.inference_mode():
        before = net((grey - 0.3) / 0.4)
        assert not torch.allclose(net((colours - 0.3) / 0.4), before)
        fold_luma(net)
        assert torch.allclose(net((colours - 0.3) / 0.4), before, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_nets_that_do_not_begin_with_a_convolution_over_colours_are_refused(channels):
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)) if channels == 3 else nn.Sequential(nn.Conv2d(1, 2, 3))
    with pytest.raises(MettleError, match="three channels"):
        fold_luma(net)
