"""Images of one kind made of those of another, learned without pairs."""

from tfgan_suite.presets.preset import Preset

_CUT_PAPER = "Park, Efros, Zhang and Zhu, 2020, arXiv 2007.15651"
# What ours of small pictures on a CPU share.
_SMALL = {
    "base_filters": 32,
    "residual_blocks": 4,
    "generator_up": "nearest",
    "discriminator_norm": "instance",
    "loss": "least_squares",
    "batch_size": 4,
    "ema_momentum": 0.999,
}

UNPAIRED: dict[str, Preset] = {
    "cyclegan": Preset(
        settings={"model_class": "CycleGAN", **_SMALL, "cycle_weight": 5.0},
        paper="Zhu, Park, Isola and Efros, 2017, arXiv 1703.10593",
        note="The residual generators, patches, least squares, weights, the pool of 50 and Adam 2e-4 with beta1 0.5 "
        "are the paper's, whose cycle of weight 10 stands beside whole squares, ours of 5 beside halves of them. Ours, "
        "for pictures of 64 pixels on a CPU, are half the filters, four blocks, a batch of 4, the moving averages, and "
        "maps that grow by nearest pixels.",
        command="python scripts/train.py --model cyclegan --dataset emoji64 --source noto --target twemoji "
        "--channels 3",
        expected="pictures of each kind in the look of the other; not measured here",
    ),
    "cyclegan_zhu2017": Preset(
        settings={
            "model_class": "CycleGAN",
            "discriminator_norm": "instance",
            "discriminator_halvings": 3,
            "loss": "least_squares",
            "cycle_weight": 5.0,
            "batch_size": 1,
            "crop": 15,
            "flip": True,
        },
        paper="Zhu, Park, Isola and Efros, 2017, arXiv 1703.10593",
        note="64 filters, 6 residual blocks and from 256 pixels on 9, patches of 70 pixels, least squares, a cycle of "
        "weight 10, which is 5 beside our halves of squares, a pool of 50, batch 1, Adam 2e-4 with beta1 0.5 and flips "
        "are the paper's; the identity loss of half that weight is its code's. The paper trains for 100 epochs, and "
        "for 100 more at a rate that falls to 0 in a line; ours falls from the start. A shift of up to 15 pixels "
        "stands for a cut of 256 from 286.",
        command="python scripts/train.py --model cyclegan_zhu2017 --dataset FOLDER --source a --target b --image-size "
        "256 --epochs 200 --learning-rate-decay linear",
        expected="the paper's horses into zebras, a FID of 62 to 77 by later measurements, in weeks of two cores by "
        "arithmetic; not trained here",
    ),
    "cut": Preset(
        settings={"model_class": "CUT", **_SMALL, "nce_weight": 0.5},
        paper=_CUT_PAPER,
        note="The residual generator, patches, least squares, the contrast of 256 places of five maps, the identity's "
        "beside it and Adam 2e-4 with beta1 0.5 are the paper's, whose contrast of weight 1 stands beside whole "
        "squares, ours of 0.5 beside halves of them. Ours, for pictures of 64 pixels on a CPU, are half the filters, "
        "four blocks, a batch of 4, the moving average, strided halvings, and maps that grow by nearest pixels.",
        command="python scripts/train.py --model cut --dataset emoji64 --source noto --target twemoji --channels 3",
        expected="pictures in the look of the other kind, one way; not measured here",
    ),
    "fast_cut": Preset(
        settings={
            "model_class": "CUT",
            **_SMALL,
            "nce_weight": 5.0,
            "nce_identity": False,
            "flip_equivariance": True,
        },
        paper=_CUT_PAPER,
        note="`cut` with ten times the weight of the contrast, without the identity's, and with half of the images "
        "mirrored, as the paper's FastCUT: fewer passes through the generator, and results nearer to their sources.",
        command="python scripts/train.py --model fast_cut --dataset emoji64 --source noto --target twemoji "
        "--channels 3",
        expected="as cut, in two thirds of its time a step; not measured here",
    ),
    "cut_park2020": Preset(
        settings={
            "model_class": "CUT",
            "residual_blocks": 9,
            "generator_down": "blurred",
            "generator_up": "bilinear",
            "discriminator_norm": "instance",
            "discriminator_halvings": 3,
            "loss": "least_squares",
            "nce_weight": 0.5,
            "batch_size": 1,
            "crop": 15,
            "flip": True,
        },
        paper=_CUT_PAPER,
        note="64 filters, 9 residual blocks, blurred halvings and bilinear doublings, patches of 70 pixels, least "
        "squares, a contrast of weight 1, which is 0.5 beside our halves of squares, of 256 places at a temperature "
        "of 0.07, batch 1, Adam 2e-4 with beta1 0.5 and flips are the paper's. Kernels start from N(0, 0.02), where "
        "its code has Xavier's of gain 0.02; its discriminator halves after a blur, ours by strides. The paper trains "
        "for 200 epochs, and for 200 more at a rate that falls to 0 in a line; ours falls from the start. A shift of "
        "up to 15 pixels stands for a cut of 256 from 286.",
        command="python scripts/train.py --model cut_park2020 --dataset FOLDER --source a --target b --image-size 256 "
        "--epochs 400 --learning-rate-decay linear",
        expected="the paper's horses into zebras, a FID of 45.5 by its table, in weeks of two cores by arithmetic; not "
        "trained here",
    ),
}
