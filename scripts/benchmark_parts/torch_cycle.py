"""The networks and the step of CycleGAN in PyTorch, run eagerly, for comparison with the preset `cyclegan`."""

import itertools
import math
import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BASE_FILTERS, BLOCKS, WIDEST = 32, 4, 8
EPSILON = 1e-5
CYCLE_WEIGHT, IDENTITY_SHARE, POOL_SIZE = 5.0, 0.5, 50


def _normed(convolution: nn.Module, width: int) -> list[nn.Module]:
    return [convolution, nn.InstanceNorm2d(width, EPSILON, affine=True)]


class Block(nn.Module):
    """Two convolutions of reflected maps, and the maps beside them."""

    def __init__(self, width: int):
        super().__init__()
        first, second = (_normed(nn.Conv2d(width, width, 3, bias=False), width) for _ in range(2))
        self.inner = nn.Sequential(nn.ReflectionPad2d(1), *first, nn.ReLU(), nn.ReflectionPad2d(1), *second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, width, H, W) -> the same."""
        return x + self.inner(x)


def translator(channels: int) -> nn.Module:
    """`ResidualTranslator` with nearest pixels on the way up, for sides that are multiples of 4."""
    one, two, four = (times * BASE_FILTERS for times in (1, 2, 4))
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(channels, one, 7, bias=False), one), nn.ReLU()]
    for before, after in ((one, two), (two, four)):
        layers += [*_normed(nn.Conv2d(before, after, 3, 2, 1, bias=False), after), nn.ReLU()]
    layers += [Block(four) for _ in range(BLOCKS)]
    for before, after in ((four, two), (two, one)):
        grown = _normed(nn.Conv2d(before, after, 3, 1, 1, bias=False), after)
        layers += [nn.Upsample(scale_factor=2), *grown, nn.ReLU()]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(one, channels, 7), nn.Tanh())


def patches(side: int, channels: int) -> nn.Module:
    """`PatchDiscriminator` of one image, with as many halvings as bring the map near 14x14."""
    halvings = max(0, round(math.log2(side / 16)))
    layers: list[nn.Module] = []
    before = channels
    for stage in range(halvings + 1):
        width, is_last, is_normed = BASE_FILTERS * min(2**stage, WIDEST), stage == halvings, stage > 0
        convolution = nn.Conv2d(before, width, 4, 1 if is_last else 2, 1, bias=not is_normed)
        layers += [*(_normed(convolution, width) if is_normed else [convolution]), nn.LeakyReLU(0.2)]
        before = width
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))


class Pool:
    """Earlier images in the place of half of the new ones."""

    def __init__(self) -> None:
        self.images: list[torch.Tensor] = []

    def exchanged(self, made: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same."""
        given = []
        for image in made.detach():
            place = random.randrange(POOL_SIZE)
            if len(self.images) < POOL_SIZE:
                self.images.append(image)
            elif random.random() < 0.5:
                image, self.images[place] = self.images[place], image
            given.append(image)
        return torch.stack(given)


class TorchCycle:
    """The step of CycleGAN: both generators, then both discriminators by images of two pools.

    Args:
        a: uint8 (N, H, W, C).
        b: of the same shape.
        batch_size: rows a step.
    """

    flops = None

    def __init__(self, a: np.ndarray, b: np.ndarray, batch_size: int):
        self.kinds = [torch.from_numpy(np.ascontiguousarray(each.transpose(0, 3, 1, 2))) for each in (a, b)]
        side, channels = a.shape[1], a.shape[3]
        self.ab, self.ba = translator(channels), translator(channels)
        self.judges = [patches(side, channels) for _ in "ab"]
        self.pools = [Pool() for _ in "ab"]
        self.batch_size = batch_size
        self.generators = torch.optim.Adam([*self.ab.parameters(), *self.ba.parameters()], 2e-4, (0.5, 0.999))
        weights = itertools.chain(*(judge.parameters() for judge in self.judges))
        self.discriminators = torch.optim.Adam(weights, 2e-4, (0.5, 0.999))

    def run(self, steps: int) -> None:
        """Takes so many steps."""
        for _ in range(steps):
            rows = (torch.randint(len(each), (self.batch_size,)) for each in self.kinds)
            a, b = (images[own].float() / 127.5 - 1.0 for images, own in zip(self.kinds, rows, strict=True))
            self._step(a, b)

    def _step(self, a: torch.Tensor, b: torch.Tensor) -> None:
        fake_b, fake_a = self.ab(a), self.ba(b)
        for judge in self.judges:
            judge.requires_grad_(False)
        adversarial = sum(
            ((judge(fake) - 1) ** 2).mean() / 2 for judge, fake in zip(self.judges, (fake_a, fake_b), strict=True)
        )
        cycle = functional.l1_loss(self.ba(fake_b), a) + functional.l1_loss(self.ab(fake_a), b)
        identity = functional.l1_loss(self.ba(a), a) + functional.l1_loss(self.ab(b), b)
        self.generators.zero_grad()
        (adversarial + CYCLE_WEIGHT * (cycle + IDENTITY_SHARE * identity)).backward()
        self.generators.step()
        self.discriminators.zero_grad()
        for judge, pool, real, fake in zip(self.judges, self.pools, (a, b), (fake_a, fake_b), strict=True):
            judge.requires_grad_(True)
            (((judge(real) - 1) ** 2).mean() / 2 + (judge(pool.exchanged(fake)) ** 2).mean() / 2).backward()
        self.discriminators.step()
