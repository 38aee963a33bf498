"""MLP GAN, DCGAN and conditional GAN: as published, and ours."""

from tfgan_suite.presets.preset import Preset

FIRST_MODELS: dict[str, Preset] = {
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
}
