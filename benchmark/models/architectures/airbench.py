"""A net in the manner of airbench: small, quick to train on a CPU, 92 % or better on Fashion-MNIST."""

from __future__ import annotations

import torch
from torch import nn

PATCH_SIZE = 2
WHITENING_IMAGES = 5000


class AirbenchBlock(nn.Module):
    """Convolution, 2x2 max pooling, batch norm, ReLU, convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.pool = nn.MaxPool2d(2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.norm1(self.pool(self.conv1(images))))
        return torch.relu(self.norm2(self.conv2(hidden)))


class AirbenchNet(nn.Module):
    """A frozen 2x2 whitening convolution, three blocks of the given widths, global max pooling, linear layer.

    Source: airbench94 (arXiv 2404.00498). We deviate: narrower, ReLU for GELU, batch norm with a learned scale.
    The whitening filters are set once from training images by `initialise`, and travel with the weights.
    """

    LOGIT_SCALE = 1 / 9

    def __init__(
        self, num_classes: int, in_channels: int, image_size: int, *, widths: tuple[int, int, int] = (16, 32, 64)
    ) -> None:
        super().__init__()
        if image_size < PATCH_SIZE - 1 + 2 ** len(widths):
            raise ValueError(f"{len(widths)} poolings need more than {image_size} pixels")
        filters = 2 * in_channels * PATCH_SIZE**2
        self.whitening = nn.Conv2d(in_channels, filters, kernel_size=PATCH_SIZE)
        self.whitening.weight.requires_grad_(False)
        self.blocks = nn.Sequential(
            *(AirbenchBlock(inside, outside) for inside, outside in zip((filters, *widths[:-1]), widths, strict=True))
        )
        self.classifier = nn.Linear(widths[-1], num_classes, bias=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.blocks(torch.relu(self.whitening(images)))
        return self.classifier(hidden.amax(dim=(2, 3))) * self.LOGIT_SCALE

    @torch.no_grad()
    def initialise(self, images: torch.Tensor) -> None:
        """Sets what depends on training data: whitening filters, and convolutions that start near the identity.

        images: normalized float (N, C, H, W); the first 5,000 are used. The filters are the eigenvectors of the
        covariance of 2x2 patches, each divided by the root of its eigenvalue, with both signs.
        """
        patches = images[:WHITENING_IMAGES].unfold(2, PATCH_SIZE, 1).unfold(3, PATCH_SIZE, 1)
        rows = patches.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2).double()
        values, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
        # An eigenvector's sign is arbitrary, and its negative follows: fix it, so that every platform agrees.
        vectors = vectors * torch.sign(vectors.gather(0, vectors.abs().argmax(0, keepdim=True)))
        filters = (vectors / torch.sqrt(values + 5e-4)).T.reshape(-1, images.shape[1], PATCH_SIZE, PATCH_SIZE)
        self.whitening.weight.copy_(torch.cat([filters, -filters]).float())
        self.whitening.bias.zero_()  # type: ignore[union-attr]
        for module in self.blocks.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.dirac_(module.weight[: module.in_channels])
