"""The networks and the step of `benchmark.py` in PyTorch, run eagerly, for comparison."""

import itertools
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LATENT_DIM = 100


def _mlp(image_shape: tuple[int, int, int]) -> tuple[nn.Module, nn.Module]:
    """The networks of `MLPGAN` with its default widths."""
    height, width, channels = image_shape
    widths = (LATENT_DIM, 128, 256, 512)
    hidden = [layer for i, o in itertools.pairwise(widths) for layer in (nn.Linear(i, o), nn.LeakyReLU(0.2))]
    pixels = math.prod(image_shape)
    generator = nn.Sequential(*hidden, nn.Linear(512, pixels), nn.Tanh(), nn.Unflatten(1, (channels, height, width)))
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(pixels, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 1),
    )
    return generator, discriminator


def _dcgan_tutorial(image_shape: tuple[int, int, int]) -> tuple[nn.Module, nn.Module]:
    """The networks of `DCGAN(body="dcgan_tutorial", dropout=0)` for sides that are multiples of four."""
    height, width, channels = image_shape[0] // 4, image_shape[1] // 4, image_shape[2]
    units = height * width * 256
    generator = nn.Sequential(
        nn.Linear(LATENT_DIM, units, bias=False),
        nn.BatchNorm1d(units, 1e-3),
        nn.LeakyReLU(0.3),
        nn.Unflatten(1, (256, height, width)),
        nn.ConvTranspose2d(256, 128, 5, 1, 2, bias=False),
        nn.BatchNorm2d(128, 1e-3),
        nn.LeakyReLU(0.3),
        nn.ConvTranspose2d(128, 64, 5, 2, 2, 1, bias=False),
        nn.BatchNorm2d(64, 1e-3),
        nn.LeakyReLU(0.3),
        nn.ConvTranspose2d(64, channels, 5, 2, 2, 1, bias=False),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(channels, 64, 5, 2, 2),
        nn.LeakyReLU(0.3),
        nn.Conv2d(64, 128, 5, 2, 2),
        nn.LeakyReLU(0.3),
        nn.Flatten(),
        nn.Linear(128 * height * width, 1),
    )
    return generator, discriminator


def _dcgan_radford2015(image_shape: tuple[int, int, int], norm: str | None = None) -> tuple[nn.Module, nn.Module]:
    """The networks of `DCGAN(body="dcgan_radford2015")` for 32x32 and 64x64 images."""
    channels = image_shape[2]
    widths = [64 * 2**stage for stage in range(3 if image_shape[0] == 32 else 4)]
    up: list[nn.Module] = [
        nn.Unflatten(1, (LATENT_DIM, 1, 1)),
        nn.ConvTranspose2d(LATENT_DIM, widths[-1], 4, bias=False),
    ]
    for o, i in reversed(list(itertools.pairwise(widths))):
        up += [nn.BatchNorm2d(i, 1e-3), nn.ReLU(), nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False)]
    down: list[nn.Module] = [nn.Conv2d(channels, 64, 4, 2, 1), nn.LeakyReLU(0.2)]
    for i, o in itertools.pairwise(widths):
        normed = [] if norm == "none" else [nn.BatchNorm2d(o, 1e-3)]
        down += [nn.Conv2d(i, o, 4, 2, 1, bias=norm == "none"), *normed, nn.LeakyReLU(0.2)]
    generator = nn.Sequential(
        *up, nn.BatchNorm2d(64, 1e-3), nn.ReLU(), nn.ConvTranspose2d(64, channels, 4, 2, 1), nn.Tanh()
    )
    return generator, nn.Sequential(*down, nn.Conv2d(widths[-1], 1, 4), nn.Flatten())


NETWORKS = {"mlp": _mlp, "dcgan_tutorial": _dcgan_tutorial, "dcgan_radford2015": _dcgan_radford2015}


class TorchLoop:
    """Alternating updates with shared fake images, without the discriminator's gradients in the generator's update.

    Args:
        body: a key of `NETWORKS`.
        images: uint8 (N, H, W, C).
        batch_size: rows a step.
        bfloat16: whether both networks run under `torch.autocast` to bfloat16.
        penalty: of the discriminator's slopes, `"none"` or a name of the suite.
        norm: the discriminator's, where its body has a choice.
    """

    flops = None

    def __init__(
        self,
        body: str,
        images: np.ndarray,
        batch_size: int,
        bfloat16: bool,
        penalty: str = "none",
        norm: str | None = None,
    ):
        self.images = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        options = {} if norm is None else {"norm": norm}
        self.generator, self.discriminator = NETWORKS[body](images.shape[1:], **options)
        self.penalty = penalty
        self.batch_size, self.bfloat16 = batch_size, bfloat16
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), 2e-4, (0.5, 0.999))

    def run(self, steps: int) -> None:
        """Takes so many steps."""
        for _ in range(steps):
            rows = torch.randint(len(self.images), (self.batch_size,))
            self._step(self.images[rows].float() / 127.5 - 1.0)

    def _step(self, real_images: torch.Tensor) -> None:
        generator, discriminator = self.generator, self.discriminator
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            fake_images = generator(torch.randn(self.batch_size, LATENT_DIM))
            real, fake = real_images, fake_images.detach()
            if self.penalty in AT_IMAGES:  # the slopes come from the passes that give the losses
                real, fake = real.requires_grad_(), fake.requires_grad_()
            real_logits, fake_logits = discriminator(real), discriminator(fake)
            loss = (functional.softplus(-real_logits) + functional.softplus(fake_logits)).mean()
            if self.penalty != "none":
                loss = loss + self._penalty(real, fake, real_logits, fake_logits)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            loss = functional.softplus(-discriminator(fake_images)).mean()
        self.generator_optimizer.zero_grad()
        loss.backward(inputs=list(generator.parameters()))
        self.generator_optimizer.step()

    def _penalty(
        self, real: torch.Tensor, fake: torch.Tensor, real_logits: torch.Tensor, fake_logits: torch.Tensor
    ) -> torch.Tensor:
        """The mean over the batch, with the weight of the suite."""
        if self.penalty in AT_IMAGES:
            pairs = {"real": (real_logits, real), "fake": (fake_logits, fake)}
            return 0.5 * sum(_squares(*pairs[place]).mean() for place in AT_IMAGES[self.penalty])
        if self.penalty == "dragan":
            points = real + torch.rand(len(real), 1, 1, 1) * 0.5 * real.std() * torch.rand_like(real)
        else:
            points = real + torch.rand(len(real), 1, 1, 1) * (fake - real)
        points = points.detach().requires_grad_()
        excess = (_squares(self.discriminator(points), points) + 1e-12).sqrt() - 1.0
        return 10.0 * (excess.relu() if self.penalty.startswith("one_sided") else excess).square().mean()


AT_IMAGES = {"r1": ("real",), "r2": ("fake",), "r1_r2": ("real", "fake")}


def _squares(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """|grad D(x)|^2 of each image, which can be differentiated."""
    (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return slopes.square().sum((1, 2, 3))
