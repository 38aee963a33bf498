"""Settings by name: the published forms, and ours. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    Attributes:
        settings: fields of `TrainConfig`.
        paper: where the method comes from.
        note: which numbers are the paper's, which are ours, and why.
        command: what shows it.
        expected: what the command is expected to give.
    """

    settings: Mapping[str, Any]
    paper: str
    note: str
    command: str
    expected: str


# The class of every model that a preset names, and its module: they are imported when one of them is needed.
MODELS = {
    "MLPGAN": "tfgan_suite.models.mlp_gan",
    "DCGAN": "tfgan_suite.models.dcgan",
    "ConditionalGAN": "tfgan_suite.models.conditional_gan",
    "Pix2Pix": "tfgan_suite.models.pix2pix",
}

# What the presets of that objective share.
_RELATIVISTIC = {
    "body": "dcgan_radford2015",
    "base_filters": 32,
    "latent_dim": 64,
    "discriminator_norm": "none",
    "discriminator_initializer": "he",
    "loss": "relativistic",
    "penalty": "r1_r2",
    "penalty_weight": 1.0,
    "penalty_weight_final": 0.1,
    "penalty_burn_in": 300_000,
    "generator_learning_rate": 4e-4,
    "discriminator_learning_rate": 4e-4,
    "beta_2": 0.99,
    "ema_momentum": 0.998,
}

PRESETS: dict[str, Preset] = {
    "mlp_gan": Preset(
        settings={
            "model_class": "MLPGAN",
            "generator_units": (256, 512, 1024),
            "discriminator_units": (1024, 512, 256),
            "batch_norm": True,
            "dropout": 0.3,
            "batch_size": 100,
            "ema_momentum": 0.999,
        },
        paper="Goodfellow et al., 2014, arXiv 1406.2661",
        note="Widths, dropout, batch and Adam 2e-4 are the wide tutorial form's. Ours are BatchNorm in the "
        "generator, beta1 0.5 and the moving average: without them MNIST ends in few classes, often in the 8 alone.",
        command="python scripts/train.py --model mlp_gan --dataset mnist --epochs 15",
        expected="every digit: see the table of presets in the README",
    ),
    "mlp_gan_small": Preset(
        settings={
            "model_class": "MLPGAN",
            "generator_units": (128, 256, 512),
            "discriminator_units": (512, 256),
            "beta_1": 0.9,
        },
        paper="Goodfellow et al., 2014, arXiv 1406.2661, in the small form of tutorials",
        note="All numbers are the tutorials': Adam 2e-4 with Keras's beta1 0.9, batch 64, no BatchNorm.",
        command="python scripts/train.py --model mlp_gan_small --dataset mnist --epochs 15",
        expected="digits with speckle, some classes rare; not measured here",
    ),
    "mlp_gan_wide": Preset(
        settings={
            "model_class": "MLPGAN",
            "generator_units": (256, 512, 1024),
            "discriminator_units": (1024, 512, 256),
            "dropout": 0.3,
            "batch_size": 100,
            "beta_1": 0.9,
        },
        paper="Goodfellow et al., 2014, arXiv 1406.2661, in the wide form of tutorials",
        note="All numbers are the tutorials'. It collapses early on MNIST: see `mlp_gan`.",
        command="python scripts/train.py --model mlp_gan_wide --dataset mnist --epochs 5",
        expected="few classes, often the digit 8 alone: see the table of presets in the README, of 15 epochs",
    ),
    "dcgan": Preset(
        settings={
            "model_class": "DCGAN",
            "dropout": 0.0,
            "initializer_stddev": 0.02,
            "generator_learning_rate": 4e-4,
            "discriminator_learning_rate": 4e-4,
            "ema_momentum": 0.999,
        },
        paper="Radford, Metz and Chintala, 2015, arXiv 1511.06434",
        note="Initializer, beta1 0.5 and the networks from 32x32 on are the paper's; at 28x28 the networks are the "
        "tutorial's, without its dropout. Ours are the moving average, since single weights swing from step to step, "
        "twice the paper's learning rate, and a batch of 64, twice the steps an epoch of the paper's 128: both for "
        "short runs.",
        command="python scripts/train.py --model dcgan --dataset mnist --epochs 5",
        expected="every digit: see the table of presets in the README",
    ),
    "dcgan_radford2015": Preset(
        settings={"model_class": "DCGAN", "body": "dcgan_radford2015", "batch_size": 128},
        paper="Radford, Metz and Chintala, 2015, arXiv 1511.06434",
        note="Adam 2e-4 with beta1 0.5, the initializer, the batch and the layers are the paper's; kernels of 4x4, 64 "
        "base filters and BatchNorm's momentum of 0.9 are those of the authors' later PyTorch form.",
        command="python scripts/train.py --model dcgan_radford2015 --dataset cifar10 --epochs 25",
        expected="objects with the colours and outlines of the ten classes; not measured here",
    ),
    "dcgan_tutorial": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "dcgan_tutorial",
            "batch_size": 128,
            "generator_learning_rate": 1e-4,
            "discriminator_learning_rate": 1e-4,
            "beta_1": 0.9,
        },
        paper="The DCGAN tutorial of TensorFlow's documentation, after arXiv 1511.06434",
        note="All numbers are the tutorial's, which trains for 50 epochs, but for BatchNorm's momentum, ours, of 0.9.",
        command="python scripts/train.py --model dcgan_tutorial --dataset mnist --epochs 50",
        expected="digits; after 5 epochs of few kinds: see the table of presets in the README",
    ),
    "cgan": Preset(
        settings={
            "model_class": "ConditionalGAN",
            "body": "dcgan",
            "dropout": 0.0,
            "initializer_stddev": 0.02,
            "generator_learning_rate": 4e-4,
            "discriminator_learning_rate": 4e-4,
            "ema_momentum": 0.999,
        },
        paper="Mirza and Osindero, 2014, arXiv 1411.1784, over the networks of arXiv 1511.06434, with the projection "
        "of Miyato and Koyama, 2018, arXiv 1802.05637",
        note="The label beside z, one-hot, is the first paper's; the discriminator's inner product of label and "
        "features is the last one's. The convolutional body with the settings of `dcgan` is ours, since it is sharper.",
        command="python scripts/train.py --model cgan --dataset mnist --epochs 5",
        expected="each column of the grid one digit in many hands: see the table of presets in the README",
    ),
    "cgan_mirza2014": Preset(
        settings={
            "model_class": "ConditionalGAN",
            "body": "mlp",
            "projection": False,
            "generator_units": (256, 512, 1024),
            "discriminator_units": (1024, 512, 256),
            "dropout": 0.3,
            "batch_size": 100,
            "beta_1": 0.9,
        },
        paper="Mirza and Osindero, 2014, arXiv 1411.1784, in the form of tutorials",
        note="Fully connected as in the paper; widths, LeakyReLU and Adam are the tutorials', where the paper has "
        "maxout and SGD; the label's map beside the image is ours.",
        command="python scripts/train.py --model cgan_mirza2014 --dataset mnist --epochs 15",
        expected="each column of the grid one digit, with speckle; not measured here",
    ),
    "dcgan_relativistic": Preset(
        settings={**_RELATIVISTIC, "model_class": "DCGAN"},
        paper="Huang et al., 2024, arXiv 2501.05441, for the objective; Radford, Metz and Chintala, 2015, "
        "arXiv 1511.06434, for the layers",
        note="The loss of pairs with both penalties in every step, gamma falling by a cosine, beta2 0.99 and a "
        "discriminator without a norm are the first paper's. The networks, of few filters, He's kernels, the rate and "
        "the average over some 20,000 images are ours, for images of 28 to 64 pixels on a CPU.",
        command="python scripts/train.py --model dcgan_relativistic --dataset mnist --epochs 5",
        expected="every digit in many hands; not measured with several seeds yet",
    ),
    "cgan_relativistic": Preset(
        settings={**_RELATIVISTIC, "model_class": "ConditionalGAN"},
        paper="Huang et al., 2024, arXiv 2501.05441, for the objective; Mirza and Osindero, 2014, arXiv 1411.1784, and "
        "Miyato and Koyama, 2018, arXiv 1802.05637, for the label",
        note="`dcgan_relativistic` with the label as in `cgan`: an image made is paired with a real one of its class.",
        command="python scripts/train.py --model cgan_relativistic --dataset mnist --epochs 5",
        expected="each column of the grid one digit in many hands; not measured with several seeds yet",
    ),
    "wgan": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "dcgan_radford2015",
            "loss": "wasserstein",
            "weight_clip": 0.01,
            "discriminator_steps": 5,
            "optimizer": "rmsprop",
            "generator_learning_rate": 5e-5,
            "discriminator_learning_rate": 5e-5,
        },
        paper="Arjovsky, Chintala and Bottou, 2017, arXiv 1701.07875",
        note="Clip 0.01, RMSprop 5e-5, five discriminator steps, batch 64, and the DCGAN with its BatchNorm are the "
        "paper's. Shipped as history: a penalty in place of the clip, as in `wgan_gp`, learns faster and better.",
        command="python scripts/train.py --model wgan --dataset mnist --epochs 25",
        expected="digits that come slowly, while the logged wasserstein_distance falls; not measured here",
    ),
    "wgan_gp": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "dcgan_radford2015",
            "latent_dim": 128,
            "discriminator_norm": "none",
            "discriminator_initializer": "he",
            "loss": "wasserstein",
            "penalty": "gradient_penalty",
            "discriminator_steps": 5,
            "generator_learning_rate": 1e-4,
            "discriminator_learning_rate": 1e-4,
            "beta_2": 0.9,
        },
        paper="Gulrajani et al., 2017, arXiv 1704.00028",
        note="Weight 10, Adam 1e-4 with betas 0.5 and 0.9, five discriminator steps, batch 64, z of 128, He's kernels "
        "and no norm in the discriminator are the paper's. The networks are the DCGAN paper's, with BatchNorm in the "
        "generator, where the authors' script for MNIST has none in either.",
        command="python scripts/train.py --model wgan_gp --dataset mnist --epochs 25",
        expected="every digit, while the logged wasserstein_distance falls; not measured here",
    ),
    "wgan_gp_resnet": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "resnet",
            "latent_dim": 128,
            "base_filters": 128,
            "loss": "wasserstein",
            "penalty": "gradient_penalty",
            "discriminator_steps": 5,
            "beta_1": 0.0,
            "beta_2": 0.9,
            "learning_rate_decay": "linear",
            "decay_steps": 100_000,
        },
        paper="Gulrajani et al., 2017, arXiv 1704.00028, appendix F",
        note="The paper's form for CIFAR-10, Inception score 7.86: weight 10, Adam 2e-4 with betas 0 and 0.9, falling "
        "to 0 over 100,000 generator steps of five discriminator steps, batch 64, 128 filters. As in arXiv 1802.05957 "
        "features are summed over pixels, of which the paper takes the mean; the generator's batch is not doubled.",
        command="python scripts/train.py --model wgan_gp_resnet --dataset cifar10 --epochs 640",
        expected="objects of the ten classes after the 100,000 steps, some twelve days of two cores by arithmetic; not "
        "trained here",
    ),
    "r3gan": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "r3gan",
            "latent_dim": 64,
            "base_filters": 768,
            "groups": 96,
            "loss": "relativistic",
            "penalty": "r1_r2",
            "penalty_weight": 1.0,
            "penalty_weight_final": 0.1,
            "penalty_burn_in": 2_000_000,
            "batch_size": 512,
            "beta_1": 0.0,
            "beta_2": 0.99,
            "ema_momentum": 0.9993,
        },
        paper="Huang et al., 2024, arXiv 2501.05441",
        note="The paper's form for StackedMNIST, of 32x32 pixels (1,000 modes, KL 0.029): networks of 20.7 million "
        "weights, the loss, gamma from 1 to 0.1 within two million images, Adam 2e-4 with beta1 0, batch 512. beta2 "
        "and the average of half a million images, which the paper raises to these, are so from the start.",
        command="python scripts/train.py --model r3gan --dataset stacked_mnist --epochs 78",
        expected="all 1,000 modes after the paper's ten million images, seven hours of eight GPUs there, years of two "
        "cores; not trained here",
    ),
    "dragan": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "dcgan_radford2015",
            "discriminator_norm": "none",
            "discriminator_initializer": "he",
            "penalty": "dragan",
        },
        paper="Kodali et al., 2017, arXiv 1705.07215",
        note="The penalty around real images, its weight 10, the loss and one discriminator step are the paper's; Adam "
        "2e-4 with beta1 0.5 and the networks are the DCGAN paper's, but for BatchNorm in the discriminator, which a "
        "penalty of each image's slope forbids; its kernels are He's, which a discriminator without a norm needs.",
        command="python scripts/train.py --model dragan --dataset mnist --epochs 5",
        expected="every digit; not measured here",
    ),
    "sngan": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "dcgan_radford2015",
            "discriminator_norm": "none",
            "discriminator_initializer": "he",
            "spectral_norm": "discriminator",
            "loss": "hinge",
        },
        paper="Miyato, Kataoka, Koyama and Yoshida, 2018, arXiv 1802.05957",
        note="Spectral norm in the discriminator and the hinge loss are the paper's; the networks, Adam 2e-4 with beta1"
        " 0.5 and one discriminator step are the DCGAN paper's, since the paper's own form is `sngan_resnet`.",
        command="python scripts/train.py --model sngan --dataset mnist --epochs 5",
        expected="every digit; not measured here",
    ),
    "sngan_resnet": Preset(
        settings={
            "model_class": "DCGAN",
            "body": "resnet",
            "latent_dim": 128,
            "spectral_norm": "discriminator",
            "loss": "hinge",
            "discriminator_steps": 5,
            "beta_1": 0.0,
            "beta_2": 0.9,
            "learning_rate_decay": "linear",
            "decay_steps": 50_000,
        },
        paper="Miyato, Kataoka, Koyama and Yoshida, 2018, arXiv 1802.05957, table 4",
        note="The paper's form for CIFAR-10, Inception score 8.22 and FID 21.7: 256 filters in the generator and 128 in"
        " the discriminator, Adam 2e-4 with betas 0 and 0.9, falling to 0 over 50,000 generator steps of five "
        "discriminator steps, batch 64; the generator's batch is not doubled.",
        command="python scripts/train.py --model sngan_resnet --dataset cifar10 --epochs 320",
        expected="objects of the ten classes after the 50,000 steps, days of two cores by arithmetic; not trained here",
    ),
}

# They become presets where data of pairs can be read.
PAIR_PRESETS: dict[str, Preset] = {
    "pix2pix": Preset(
        settings={
            "model_class": "Pix2Pix",
            "base_filters": 32,
            "generator_up": "nearest",
            "batch_size": 16,
            "ema_momentum": 0.999,
        },
        paper="Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="U-Net, patches, Dropout, L1 of weight 100 and Adam 2e-4 with beta1 0.5 are the paper's. Ours, for "
        "pictures of 64 pixels on a CPU, are half the filters, a batch of 16, the moving average, and maps that grow "
        "by nearest pixels and a 3x3 convolution, which keep even maps even, where transposed ones leave a pattern. "
        "Patches are a quarter of a side at each size, as the paper's 70 pixels are of 256.",
        command="python scripts/train.py --model pix2pix --dataset emoji64 --source noto --target twemoji --channels 3",
        expected="faces and things in the flat style of Twemoji; not measured here",
    ),
    "pix2pix_isola2017": Preset(
        settings={
            "model_class": "Pix2Pix",
            "batch_size": 1,
            "generator_norm": "instance",
            "discriminator_norm": "instance",
            "discriminator_halvings": 3,
            "crop": 15,
            "flip": True,
        },
        paper="Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="64 filters, patches of 70 pixels, L1 of weight 100, batch 1, Adam 2e-4 with beta1 0.5 and flips are the "
        "paper's, which trains for 200 epochs. Its BatchNorm takes the statistics of the one image also when it is "
        "tested, which is instance norm. A shift of up to 15 pixels stands for a cut of 256 from 286. Dropout is "
        "off once it is trained, and a loss of the discriminator that is not halved is the same to Adam.",
        command="python scripts/train.py --model pix2pix_isola2017 --dataset facades --pair-layout side_by_side "
        "--reverse --image-size 256 --epochs 200",
        expected="photos that follow the map of a facade, in days of two cores by arithmetic; not trained here",
    ),
}
