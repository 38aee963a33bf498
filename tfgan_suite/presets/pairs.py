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
