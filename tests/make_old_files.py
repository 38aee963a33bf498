"""Makes small files of every kind that the package writes, for `test_old_files.py` to go on from in later commits.

The files say what a commit wrote, so that this script is run with the package of that commit. Where it is checked out
in `../old` (`git worktree add ../old COMMIT`):

    PYTHONPATH=../old python tests/make_old_files.py tests/old_files/COMMIT

What lies there:

- `photos/`, `photos.csv`, `album/`: folders of images with all that a folder can have. Runs that were begun before a
  rule of reading changes go on by the old one.
- a run folder each of `RUNS`, cut in the middle of an epoch, three steps before its end; `commands.txt` has their
  commands. `config.json` is there, the history, the health and one checkpoint: what is needed to go on.
- `gan.keras`: a `GAN` of two networks of the user's own. The runs' checkpoints are such files of the other classes.
- `networks.json`: every network and layer of the package, as files that hold them name them.
- `export/`: an export of a run, with its card; `evaluation.json`: measurements of a run.
- `expected/`: what came of each afterwards, on that commit: see `continued`, `trained_on` and `of_export`.

Files that are committed are never made anew: those of another commit are put beside them.
"""

import argparse
import contextlib
import csv
import itertools
import json
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from short_runs import CHECKPOINTS, arrays_of, newest_step, train

REMAINING = 3  # steps from the cut to the end of a run, all in its last epoch
# A rate at which a step that is another one shows by ten times the tolerance.
RATES = "--generator-learning-rate 0.002 --discriminator-learning-rate 0.002"
SMALL = f"--image-size 8 --latent-dim 4 --batch-size 8 {RATES} --deterministic --no-tensorboard --seed 5"
RUNS = {
    # No --epochs: the 60 of its commit.
    "mlp_gan": f"--model mlp_gan_small --dataset album --channels 1 {SMALL} --steps-per-epoch 4 --generator-units 4 "
    "--discriminator-units 4 --label-smoothing 0.1 --sample-count 9",
    "dcgan": f"--model dcgan --dataset digits {SMALL} --epochs 3 --steps-per-epoch 6 --base-filters 4 --dropout 0.3 "
    "--initializer-stddev 0.2 --ema-momentum 0.9 --discriminator-steps 2 --flip --crop 1 --rotation 10 "
    "--learning-rate-decay cosine --decay-steps 60 --sample-count 4",
    "cgan": f"--model cgan --dataset photos --channels 3 --skip-damaged {SMALL} --epochs 2 --steps-per-epoch 7 "
    "--base-filters 2 --initializer-stddev 0.2 --loss least_squares --ema-momentum 0",
    "cgan_attributes": f"--model cgan_mirza2014 --dataset photos.csv --channels 1 {SMALL} --epochs 2 "
    "--steps-per-epoch 6 --generator-units 4 --discriminator-units 4 --updates simultaneous "
    "--learning-rate-decay linear --sample-count 4",
}
STEPS = {"mlp_gan": 240, "dcgan": 18, "cgan": 14, "cgan_attributes": 12}
MEASURED = "frechet_distance,kernel_distance,precision_recall"
NEEDED = ("config.json", "history.csv", "health.csv", CHECKPOINTS)  # of a run folder, to go on


def write_pictures(folder: Path) -> None:
    """Writes `photos/` with its CSV and `album/`: tiny pictures, not square, with all that has ever been a question."""
    numbers = np.random.default_rng(0)

    def save(path: str, shape: tuple[int, ...] = (12, 16, 3), mode: str | None = None) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        # One colour a quarter, so that they are no mere noise.
        pixels = numbers.integers(0, 256, (2, 2, *shape[2:])).repeat(shape[0] // 2, 0).repeat(shape[1] // 2, 1)
        pixels = (pixels + numbers.integers(-20, 20, pixels.shape)).clip(0, 255).astype(np.uint8)
        if mode == "hidden":  # colours under full transparency, in one half
            pixels[:, : shape[1] // 2, -1], pixels[:, shape[1] // 2 :, -1] = 0, 255
        if mode == "12 bit":  # in 16
            Image.fromarray(pixels.astype(np.uint16) * 16).save(folder / path)
            return
        image = Image.fromarray(pixels)
        if mode == "palette":
            image.convert("P", palette=Image.Palette.ADAPTIVE, colors=8).save(folder / path, transparency=0)
            return
        image.save(folder / path)

    special: dict[int, tuple[tuple[int, ...], str | None]] = {
        0: ((12, 16, 4), "hidden"),
        1: ((12, 16), "12 bit"),
        2: ((12, 16, 3), "palette"),
        3: ((12, 16, 2), "hidden"),
        4: ((16, 12, 3), None),
        5: ((12, 16), None),
    }
    for number in range(12):  # as text 10 and 11 come before 2
        save(f"photos/{number}/a.png")
        save(f"photos/{number}/b.png", *special.get(number, ((8, 16, 3), None)))
    save("photos/.ipynb_checkpoints/a-checkpoint.png")
    save("photos/1/c.ppm")
    save("more_photos/a.png")
    (folder / "photos" / "12").symlink_to(Path("..") / "more_photos")
    for path in ("photos/0/._a.png", "photos/__MACOSX/._b.png"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(b"\x00\x05\x16\x07Mac OS X")
    (folder / "photos" / "empty").mkdir()
    (folder / "photos" / "empty" / ".gitkeep").touch()
    for number in range(20):
        save(f"album/{('train', 'test')[number % 3 == 2]}/{('cats', 'dogs')[number % 2]}/{number}.png")
    with (folder / "photos.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label_dark", "label_second"])
        for index in numbers.permutation(24):
            path = f"photos/{index // 2}/{'ab'[index % 2]}.png"
            dark = np.asarray(Image.open(folder / path).convert("L")).mean() < 128
            writer.writerow([path, int(dark), index % 2])


def command_of(folder: Path, name: str) -> list[str]:
    """The flags that a run was begun with."""
    for line in (folder / "commands.txt").read_text(encoding="utf-8").splitlines():
        arguments = shlex.split(line)[1:]
        if arguments[arguments.index("--run-dir") + 1] == name:
            return arguments
    raise LookupError(name)


def make_run(folder: Path, name: str) -> None:
    """Trains a run up to the cut, and takes away what it needs not to go on."""
    code, output = train(folder, [*command_of(folder, name), "--keep-checkpoints", "1"], STEPS[name] - REMAINING)
    assert code == 128 + 15, output
    assert newest_step(folder / name) == STEPS[name] - REMAINING
    for entry in (folder / name).iterdir():
        if entry.name not in NEEDED:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (folder / f".{name}.lock").unlink(missing_ok=True)


def continued(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Gives a cut run's command again, until its end.

    Args:
        folder: a copy that may be written, with the run and its data.
        name: of the run.

    Returns:
        `losses` of the two steps after the cut, (2, 4); the arrays after these two, `packed`; `history`,
        the rows of `history.csv` at the end; `grid`, the last picture of samples.
    """
    start = newest_step(folder / name)
    code, output = train(
        folder, [*command_of(folder, name), "--checkpoint-every", "1", "--keep-checkpoints", str(REMAINING + 1)]
    )
    assert code == 0, output
    assert f"continues: {name} after step {start} " in output
    means = [epoch_means(folder / name, start + index) for index in range(3)]
    losses = [(after - before)[:, 0] / (after - before)[:, 1] for before, after in itertools.pairwise(means)]
    arrays = arrays_of(folder / name / CHECKPOINTS / f"step_{start + 2:08d}.keras")
    return {
        "losses": np.array(losses, np.float32),
        **packed(arrays),
        "history": np.genfromtxt(folder / name / "history.csv", delimiter=",", names=True),
        "grid": np.asarray(Image.open(max((folder / name / "samples").glob("*.png")))),
    }


def epoch_means(run_dir: Path, step: int) -> np.ndarray:
    """The sums and counts of the epoch's losses and scores so far, float64 (4, 2); a step in its middle has them."""
    record = json.loads((run_dir / CHECKPOINTS / f"step_{step:08d}.json").read_text())
    return np.array(list(record["facts"]["epoch_means"].values())).reshape(4, 2)


def trained_on(path: Path, folder: Path) -> dict[str, np.ndarray]:
    """Loads a `.keras` file, makes images, and trains two steps on data that are always the same.

    Args:
        path: the file.
        folder: for a file of the trained model.

    Returns:
        `images` before, `losses` of the two steps (2, 4), `scores` of an evaluation, and the arrays
        after them, `packed`.
    """
    from tfgan_suite import load_model

    model = load_model(path)
    images = model.generate(6, seed=3)
    numbers = np.random.default_rng(1)
    x = numbers.uniform(-1, 1, (16, *model.image_shape)).astype(np.float32)
    y: Any = None
    if (spec := model.label_spec()) is not None:
        y = numbers.integers(0, 2, (16, *spec.shape[1:])).astype(spec.dtype.as_numpy_dtype)
    history = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0).history
    scores = model.evaluate(x, y, batch_size=16, verbose=0, return_dict=True)
    model.save(folder / "trained.keras")
    return {
        "images": images,
        "losses": np.array([history[key] for key in sorted(history)], np.float32).T,
        "scores": np.array([scores[key] for key in sorted(scores)], np.float32),
        **packed(arrays_of(folder / "trained.keras")),
    }


def packed(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as `names`, their `sizes`, and the `values` of all, float32 (n,): a tenth of the bytes in a file."""
    names = sorted(arrays)
    return {
        "names": np.array(names),
        "sizes": np.array([arrays[name].size for name in names]),
        "values": np.concatenate([arrays[name].ravel().astype(np.float32) for name in names]),
    }


def unpacked(pack: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What `packed` was given, each array flat."""
    parts = np.split(pack["values"], np.cumsum(pack["sizes"])[:-1])
    return dict(zip(pack["names"].tolist(), parts, strict=True))


def of_export(path: Path) -> dict[str, np.ndarray]:
    """`images` of an export's first seeds, and `truncated` ones."""
    from tfgan_suite import SavedGenerator

    generator, seeds = SavedGenerator(path), np.arange(6)
    return {"images": generator.generate(seeds), "truncated": generator.generate(seeds, truncation=0.5)}


def make_gan(path: Path, deterministic: bool = False) -> None:
    """Trains and writes a `GAN` of two networks of Keras's own layers."""
    import keras
    import tensorflow as tf

    from tfgan_suite import GAN

    keras.utils.set_random_seed(5)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    layers = keras.layers
    # No bias before BatchNorm: its gradient is 0 but for rounding, which Adam divides by itself.
    generator = keras.Sequential([keras.Input((4,)), layers.Dense(4, use_bias=False), layers.BatchNormalization(),
                                  layers.ReLU(), layers.Dense(64, "tanh"), layers.Reshape((8, 8, 1))])  # fmt: skip
    discriminator = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4, "leaky_relu"),
                                      layers.Dense(1)])  # fmt: skip
    model = GAN(generator, discriminator, ema_momentum=0.9, seed=5)
    model.compile(keras.optimizers.Adam(0.002, 0.5), keras.optimizers.RMSprop(0.002), label_smoothing=0.1)
    x = np.random.default_rng(2).uniform(-1, 1, (64, 8, 8, 1)).astype(np.float32)
    model.fit(x, batch_size=16, epochs=2, shuffle=False, verbose=0)
    model.save(path)


def make_networks(path: Path) -> None:
    """Writes the name, the arguments and the weights' shapes of each registered network and layer.

    A `.keras` file of a network alone, or of a `GAN` that was given one, holds these. Those of `GAN`'s subclasses hold
    the arguments that choose the networks.
    """
    import keras

    from tfgan_suite import DCGAN, MLPGAN, ConditionalGAN

    units = {"generator_units": (4,), "discriminator_units": (4,)}
    models: list[Any] = [MLPGAN((8, 8, 1), latent_dim=4, **units, batch_norm=True)]
    for body in ("dcgan_radford2015", "dcgan_tutorial"):
        models.append(DCGAN((8, 8, 1), body=body, latent_dim=4, base_filters=2, dropout=0.3))
    models.append(ConditionalGAN((8, 8, 1), num_classes=3, latent_dim=4, base_filters=2))
    models.append(ConditionalGAN((8, 8, 1), num_attributes=2, latent_dim=4, base_filters=2, projection=False))
    networks = [network for model in models for network in (model.generator, model.discriminator)]
    layers = {type(layer): layer for network in networks for layer in network._flatten_layers()}
    registered = {cls for name, cls in keras.saving.get_custom_objects().items() if name.startswith("tfgan_suite>")}
    wanted = {cls for cls in registered if issubclass(cls, keras.Layer)} - {type(model) for model in models}
    missing = {cls.__name__ for cls in wanted if cls not in layers} - {"GAN"}
    assert not missing, missing
    objects = [*networks, *(layer for cls, layer in layers.items() if cls in wanted and layer not in networks)]
    facts = [
        {"object": keras.saving.serialize_keras_object(each), "shapes": [list(weight.shape) for weight in each.weights]}
        for each in objects
    ]
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def keras_files(folder: Path) -> dict[str, Path]:
    """A `.keras` file of each class of model, by a name."""
    files = {path.parent.parent.name: path for path in sorted(folder.glob(f"*/{CHECKPOINTS}/*.keras"))}
    return {**files, "gan": folder / "gan.keras"}


def call(command: str, *arguments: str) -> None:
    """A command in this process."""
    from tfgan_suite.cli import COMMANDS, run

    assert run(COMMANDS[command], arguments, f"{command}.py") == 0


def make(folder: Path) -> None:
    """Makes everything in a new folder."""
    folder.mkdir(parents=True)
    write_pictures(folder)
    lines = [f"train.py --run-dir {name} --export-dir out/{name} {flags}\n" for name, flags in RUNS.items()]
    (folder / "commands.txt").write_text("".join(lines), encoding="utf-8")
    for name in RUNS:
        make_run(folder, name)
    make_gan(folder / "gan.keras")
    make_networks(folder / "networks.json")
    with contextlib.chdir(folder):
        call("export", "cgan", "--export-dir", "export")
        call("evaluate", "dcgan", "--dataset", "digits", "--count", "64", "--metrics", MEASURED, "--output",
             "evaluation.json")  # fmt: skip
    expected = folder / "expected"
    expected.mkdir()
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(folder, Path(place) / "copy", symlinks=True)
        for name, path in keras_files(copy).items():
            np.savez_compressed(expected / f"{name}_keras.npz", **trained_on(path, copy))
        np.savez_compressed(expected / "export.npz", **of_export(copy / "export"))
        for name in RUNS:
            np.savez_compressed(expected / f"{name}.npz", **continued(copy, name))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="new folder for the files")
    make(parser.parse_args().folder.resolve())
