"""CMUNeXt-S (Tang et al., ISBI 2024, figure 2) in PyTorch, with the tensor names of published checkpoints."""

import torch
from torch import nn

WIDTHS = [8, 16, 32, 64, 128]
KERNELS = [3, 3, 7, 7, 9]


def block(inputs, outputs, *first):
    """3×3 convolution, normalisation, ReLU."""
    return nn.Sequential(*first, nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


def pointwise(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 1), nn.GELU(), nn.BatchNorm2d(outputs)]


class Named(nn.Module):
    """A module that only gives another one a name."""

    def __init__(self, **modules):
        super().__init__()
        ((self.only, module),) = modules.items()
        self.add_module(self.only, module)

    def forward(self, x):
        return getattr(self, self.only)(x)


class Residual(Named):
    def forward(self, x):
        return super().forward(x) + x


class Encoder(nn.Module):
    def __init__(self, inputs, outputs, side):
        super().__init__()
        depthwise = nn.Conv2d(inputs, inputs, side, padding=side // 2, groups=inputs)
        mixed = Residual(fn=nn.Sequential(depthwise, nn.GELU(), nn.BatchNorm2d(inputs)))
        layer = nn.Sequential(mixed, *pointwise(inputs, 4 * inputs), *pointwise(4 * inputs, inputs))
        self.block = nn.Sequential(layer)
        self.up = Named(conv=block(inputs, outputs))

    def forward(self, x):
        return self.up(self.block(x))


def fusion(channels):
    both = 2 * channels
    grouped = [nn.Conv2d(both, both, 3, padding=1, groups=2), nn.GELU(), nn.BatchNorm2d(both)]
    return nn.Sequential(*grouped, *pointwise(both, 4 * channels), *pointwise(4 * channels, channels))


class CmunextS(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Named(conv=block(3, WIDTHS[0]))
        for stage, side in enumerate(KERNELS):
            encoder = Encoder(WIDTHS[max(stage - 1, 0)], WIDTHS[stage], side)
            self.add_module(f"encoder{stage + 1}", encoder)
        for stage in range(4, 0, -1):
            deep, channels = WIDTHS[stage], WIDTHS[stage - 1]
            up = block(deep, channels, nn.Upsample(scale_factor=2, mode="bilinear"))
            self.add_module(f"Up{stage + 1}", Named(up=up))
            self.add_module(f"Up_conv{stage + 1}", Named(conv=fusion(channels)))
        self.Conv_1x1 = nn.Conv2d(WIDTHS[0], 1, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.stem(x)
        skips = []
        for stage in range(1, 6):
            if stage > 1:
                skips.append(x)
                x = self.pool(x)
            x = getattr(self, f"encoder{stage}")(x)
        for stage in range(5, 1, -1):
            x = getattr(self, f"Up{stage}")(x)
            x = getattr(self, f"Up_conv{stage}")(torch.cat([skips.pop(), x], dim=1))
        return self.Conv_1x1(x)


def cmunext_s():
    return CmunextS()
