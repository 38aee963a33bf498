"""What a user may have meant by a flag that there is not."""

import difflib
from collections.abc import Collection, Sequence

# What other programs call a flag, without - and _, and what it is called here, the likeliest first. Only those that
# the command has are said.
OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "lr": ("generator-learning-rate", "discriminator-learning-rate"),
    "learningrate": ("generator-learning-rate", "discriminator-learning-rate"),
    "lrg": ("generator-learning-rate",),
    "glr": ("generator-learning-rate",),
    "lrd": ("discriminator-learning-rate",),
    "dlr": ("discriminator-learning-rate",),
    "decay": ("learning-rate-decay",),
    "scheduler": ("learning-rate-decay",),
    "b": ("batch-size",),
    "bs": ("batch-size",),
    "batch": ("batch-size",),
    "e": ("epochs",),
    "gpu": ("strategy",),
    "gpus": ("strategy",),
    "numgpus": ("strategy",),
    "ngpu": ("strategy",),
    "device": ("strategy",),
    "devices": ("strategy", "logical-devices"),
    "distributed": ("strategy",),
    "fp16": ("dtype-policy",),
    "bf16": ("dtype-policy",),
    "amp": ("dtype-policy",),
    "precision": ("dtype-policy",),
    "dtype": ("dtype-policy",),
    "data": ("dataset", "data-dir"),
    "dataroot": ("dataset", "data-dir"),
    "datapath": ("dataset", "data-dir"),
    "trainset": ("dataset",),
    "input": ("dataset",),
    "images": ("dataset",),
    "o": ("output", "run-dir", "export-dir"),
    "out": ("output", "run-dir", "export-dir"),
    "outdir": ("output", "run-dir", "export-dir"),
    "outputdir": ("output", "run-dir", "export-dir"),
    "output": ("run-dir", "export-dir"),
    "savedir": ("run-dir", "export-dir"),
    "savepath": ("output", "run-dir", "export-dir"),
    "exportpath": ("export-dir", "output"),
    "name": ("run-dir",),
    "runname": ("run-dir",),
    "experiment": ("run-dir",),
    "logdir": ("run-dir",),
    "workdir": ("run-dir",),
    "checkpointdir": ("run-dir",),
    "ckptdir": ("run-dir",),
    "resume": ("run-dir", "init-from"),
    "pretrained": ("init-from",),
    "weights": ("init-from", "inception-weights"),
    "finetune": ("init-from",),
    "saveevery": ("checkpoint-every",),
    "savefreq": ("checkpoint-every",),
    "z": ("latent-dim",),
    "zdim": ("latent-dim",),
    "nz": ("latent-dim",),
    "noisedim": ("latent-dim",),
    "latentsize": ("latent-dim",),
    "size": ("image-size", "batch-size"),
    "imsize": ("image-size",),
    "res": ("image-size",),
    "resolution": ("image-size",),
    "nc": ("channels",),
    "grayscale": ("channels",),
    "ngf": ("base-filters",),
    "ndf": ("base-filters",),
    "filters": ("base-filters",),
    "beta1": ("beta-1",),
    "b1": ("beta-1",),
    "ncritic": ("discriminator-steps",),
    "ema": ("ema-momentum",),
    "smoothing": ("label-smoothing",),
    "network": ("body", "model"),
    "arch": ("body", "model"),
    "gan": ("model",),
    "preset": ("model",),
    "lossfn": ("loss",),
    "mirror": ("flip",),
    "hflip": ("flip",),
    "workers": ("strategy",),
    "overwrite": ("restart",),
    "force": ("restart",),
    "n": ("count", "per-class"),
    "num": ("count", "per-class"),
    "samples": ("count", "sample-count", "per-class"),
    "numsamples": ("count", "sample-count", "per-class"),
    "numimages": ("count", "per-class"),
    "class": ("labels",),
    "classes": ("labels",),
    "trunc": ("truncation",),
    "psi": ("truncation",),
    "walk": ("interpolate",),
    "fid": ("metrics",),
}


def meant(flag: str, known: Collection[str]) -> list[str]:
    """The flags that a user may have meant, at most two.

    Args:
        flag: as it was typed, such as `--lr`.
        known: the command's flags, such as `--seed`.

    >>> meant("--lr", ["--generator-learning-rate", "--seed"]), meant("--sead", ["--seed"]), meant("--x", ["--seed"])
    (['--generator-learning-rate'], ['--seed'], [])
    """
    bare = flag.lower().lstrip("-").replace("-", "").replace("_", "")
    bare = bare.removeprefix("no") if flag.startswith("--no-") else bare
    named = [f"--{name}" for name in OTHER_NAMES.get(bare, ()) if f"--{name}" in known]
    if named:
        return named[:2]
    spelled = {name.replace("-", ""): name for name in known}
    inside = [name for short, name in spelled.items() if len(bare) > 2 and bare in short.replace("dir", "")]
    close = [spelled[match] for match in difflib.get_close_matches(bare, spelled, n=2, cutoff=0.6)]
    return list(dict.fromkeys([*close, *inside]))[:2]


def unknown_flags(arguments: Sequence[str], known: Collection[str]) -> str:
    """The line for arguments that a command does not take.

    Args:
        arguments: what is left over, flags and values.
        known: the command's flags.

    >>> unknown_flags(["--epoch", "3"], ["--epochs", "--seed"])
    'Unknown flag --epoch. Did you mean --epochs?'
    """
    parts = []
    for flag in (argument.partition("=")[0] for argument in arguments if argument.startswith("-")):
        names = meant(flag, known)
        parts.append(f"Unknown flag {flag}." + (f" Did you mean {' or '.join(names)}?" if names else " See --help."))
    return " ".join(parts) or f"Unknown argument {' '.join(arguments)}. Flags begin with --; see --help."
