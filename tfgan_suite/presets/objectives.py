"""Other losses, penalties and norms: relativistic pairs, Wasserstein, gradient penalties, spectral norm, ResNets."""

from tfgan_suite.presets.preset import Preset

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


OBJECTIVES: dict[str, Preset] = {
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
