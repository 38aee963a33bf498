"""Pictures made of pictures: translation, and restoration."""

from tfgan_suite.presets.preset import Preset

# What ours of pairs share.
_PAIRS = {
    "model_class": "Pix2Pix",
    "base_filters": 32,
    "generator_up": "nearest",
    "batch_size": 16,
    "ema_momentum": 0.999,
}


PAIRS: dict[str, Preset] = {
    "pix2pix": Preset(
        settings={
            **_PAIRS,
        },
        paper="Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="U-Net, patches, Dropout, L1 of weight 100 and Adam 2e-4 with beta1 0.5 are the paper's. Ours, for "
        "pictures of 64 pixels on a CPU, are half the filters, a batch of 16, the moving average, and maps that grow "
        "by nearest pixels and a 3x3 convolution, which keep even maps even, where transposed ones leave a pattern. "
        "Patches are a quarter of a side at each size, as the paper's 70 pixels are of 256.",
        command="python scripts/train.py --model pix2pix --dataset emoji64 --source noto --target twemoji --channels 3",
        expected="faces and things in the flat style of Twemoji; not measured here",
    ),
    "inpaint": Preset(
        settings={**_PAIRS, "degrade": "mask", "paste_known": True},
        paper="Pathak et al., 2016, arXiv 1604.07379, for the task; Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="`pix2pix` from images with a hole to whole ones. The mask of the hole beside the image, the random box "
        "of a quarter of it and the known pixels pasted back are ours; the first paper fills a centre half as "
        "high and wide, and judges the hole alone.",
        command="python scripts/train.py --model inpaint --dataset digits",
        expected="digits whose hole is filled so that they can be read; not measured here",
    ),
    "denoise": Preset(
        settings={**_PAIRS, "degrade": "noise"},
        paper="Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="`pix2pix` from images with Gaussian noise of 25 levels of 255 to clean ones, a level at which denoisers "
        "are compared; the settings are ours.",
        command="python scripts/train.py --model denoise --dataset fashion_mnist --epochs 2",
        expected="clean images; not measured here",
    ),
    "colourise": Preset(
        settings={**_PAIRS, "degrade": "grey"},
        paper="Isola, Zhu, Zhou and Efros, 2016, arXiv 1611.07004",
        note="`pix2pix` from grey images to their red, green and blue, where the paper makes colours alone, in Lab.",
        command="python scripts/train.py --model colourise --dataset cifar10 --epochs 5",
        expected="likely colours, pale where many are likely; not measured here",
    ),
    "super_resolve": Preset(
        settings={
            "model_class": "SRGAN",
            "degrade": "downscale",
            "base_filters": 32,
            "residual_blocks": 8,
            "generator_norm": "none",
            "generator_up": "nearest",
            "enlarged_skip": True,
            "discriminator_norm": "none",
            "loss": "relativistic",
            "penalty": "r1_r2",
            "penalty_weight": 1.0,
            "l1_weight": 10.0,
            "perceptual_weight": 10.0,
            "beta_1": 0.0,
            "beta_2": 0.99,
            "batch_size": 16,
            "ema_momentum": 0.999,
        },
        paper="Ledig et al., 2016, arXiv 1609.04802; Huang et al., 2024, arXiv 2501.05441, for the objective",
        note="The task, the residual network and the three parts of the loss are the first paper's. Ours are half the "
        "filters and blocks, no norm, maps that grow by nearest pixels, the source that is enlarged and added, the "
        "package's own features, and the relativistic loss with both penalties.",
        command="python scripts/train.py --model super_resolve --dataset cifar10 --epochs 2",
        expected="images of twice the sides, sharper than bicubic ones; not measured here",
    ),
    "srgan_ledig2017": Preset(
        settings={
            "model_class": "SRGAN",
            "degrade": "downscale",
            "scale": 4,
            "features": "vgg19",
            "perceptual_weight": 6.0,
            "l1_weight": 0.0,
            "content_only_steps": 1_000_000,
            "batch_size": 16,
            "generator_learning_rate": 1e-4,
            "discriminator_learning_rate": 1e-4,
            "beta_1": 0.9,
            "learning_rate_decay": "step",
            "decay_steps": 1_100_000,
        },
        paper="Ledig et al., 2016, arXiv 1609.04802",
        note="16 blocks of 64 filters, images four times as high and wide, a million steps by pixels, then 100,000 at"
        " each of the rates 1e-4 and 1e-5, Adam with beta1 0.9, batch 16, and the proportion of 0.006 times the VGG "
        "loss to 0.001 times the adversarial one are the paper's. Pixels are compared by their difference, not its "
        "square; whole images are taken, not cuts of 96 pixels; the output is bounded by tanh.",
        command="python scripts/train.py --model srgan_ledig2017 --dataset FOLDER --image-size 96 --steps-per-epoch "
        "10000 --epochs 120",
        expected="after the 1,200,000 steps and 350,000 images of ImageNet a PSNR of 29.40 dB on Set5, where bicubic "
        "has 28.43; weeks of two cores by arithmetic, not trained here",
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
