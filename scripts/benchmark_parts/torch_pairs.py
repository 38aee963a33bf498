"""The networks and the step of pix2pix in PyTorch, run eagerly, for comparison with the preset `pix2pix`."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BASE_FILTERS, WIDEST, MOST_LEVELS = 32, 8, 8
DROPPED_LEVELS = 5  # one stage of Dropout for each level above these, at least one
L1_WEIGHT = 100.0


def _down(before: int, after: int, is_normed: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, 4, 2, 1, bias=not is_normed)
    return [convolution, *([nn.BatchNorm2d(after, 1e-3)] if is_normed else [])]


class UNet(nn.Module):
    """`UNetGenerator` with nearest pixels on the way up, for square images of a power of two.

    Args:
        side: of the images.
        channels: of sources and of targets.
    """

    def __init__(self, side: int, channels: int):
        super().__init__()
        levels = min(MOST_LEVELS, int(math.log2(side)))
        widths = [BASE_FILTERS * min(2**level, WIDEST) for level in range(levels)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, width in enumerate(widths):
            bent = [nn.LeakyReLU(0.2)] if level else []
            before = widths[level - 1] if level else channels
            self.down.append(nn.Sequential(*bent, *_down(before, width, 0 < level < levels - 1)))
        for stage, width in enumerate(widths[-2::-1]):
            before = widths[-1] if stage == 0 else 2 * widths[-1 - stage]
            grown = [nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(before, width, 3, 1, 1, bias=False)]
            dropped = [nn.Dropout(0.5)] if stage < max(1, levels - DROPPED_LEVELS) else []
            self.up.append(nn.Sequential(*grown, nn.BatchNorm2d(width, 1e-3), *dropped))
        last = nn.Conv2d(2 * BASE_FILTERS, channels, 3, 1, 1)
        self.last = nn.Sequential(nn.ReLU(), nn.Upsample(scale_factor=2), last, nn.Tanh())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        maps = []
        for stage in self.down:
            x = stage(x)
            maps.append(x)
        for stage, beside in zip(self.up, maps[-2::-1], strict=True):
            x = torch.cat([stage(x), beside], 1)
        return self.last(x)


def patches(side: int, channels: int) -> nn.Module:
    """`PatchDiscriminator` of pairs, with as many halvings as bring the map near 14x14."""
    halvings = max(0, round(math.log2(side / 16)))
    found: list[nn.Module] = []
    before = 2 * channels
    for stage in range(halvings + 1):
        width, is_last, is_normed = BASE_FILTERS * min(2**stage, WIDEST), stage == halvings, stage > 0
        convolution = nn.Conv2d(before, width, 4, 1 if is_last else 2, 1, bias=not is_normed)
        found += [convolution, *([nn.BatchNorm2d(width, 1e-3)] if is_normed else []), nn.LeakyReLU(0.2)]
        before = width
    return nn.Sequential(*found, nn.Conv2d(before, 1, 4, 1, 1))


class TorchPairs:
    """The step of pix2pix: the discriminator on both pairs, then the generator by it as just updated, and by L1.

    Args:
        sources: uint8 (N, H, W, C).
        targets: of the same shape.
        batch_size: rows a step.
        bfloat16: whether both networks run under `torch.autocast` to bfloat16.
    """

    flops = None

    def __init__(self, sources: np.ndarray, targets: np.ndarray, batch_size: int, bfloat16: bool):
        self.pairs = [torch.from_numpy(np.ascontiguousarray(each.transpose(0, 3, 1, 2))) for each in (sources, targets)]
        side, channels = sources.shape[1], sources.shape[3]
        self.generator, self.discriminator = UNet(side, channels), patches(side, channels)
        self.batch_size, self.bfloat16 = batch_size, bfloat16
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), 2e-4, (0.5, 0.999))

    def run(self, steps: int) -> None:
        """Takes so many steps."""
        for _ in range(steps):
            rows = torch.randint(len(self.pairs[0]), (self.batch_size,))
            self._step(*(images[rows].float() / 127.5 - 1.0 for images in self.pairs))

    def _step(self, source: torch.Tensor, target: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            made = self.generator(source)
            real_logits = self.discriminator(torch.cat([source, target], 1))
            fake_logits = self.discriminator(torch.cat([source, made.detach()], 1))
            loss = (functional.softplus(-real_logits) + functional.softplus(fake_logits)).mean()
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            adversarial = functional.softplus(-self.discriminator(torch.cat([source, made], 1))).mean()
            loss = adversarial + L1_WEIGHT * functional.l1_loss(made, target)
        self.generator_optimizer.zero_grad()
        loss.backward(inputs=list(self.generator.parameters()))
        self.generator_optimizer.step()
