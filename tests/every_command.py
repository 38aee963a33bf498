"""Runs every command once, small, in one process, and writes their exit codes: what an environment must not break.

python every_command.py CODES.json [COMMAND ...]
"""

import json
import sys
from pathlib import Path

from PIL import Image

from tfgan_suite.cli import COMMANDS, run

TINY = ("--model", "cgan", "--image-size", "8", "--base-filters", "4", "--latent-dim", "3", "--epochs", "1",
        "--steps-per-epoch", "2", "--sample-count", "10")  # fmt: skip
# In the home folder, whose name no shell spells out here. None of them makes what another one needs in a later row.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "train": (*TINY, "--run-dir=~/run", "--export-dir=~/out"),
    "export": ("~/run", "--export-dir=~/out"),
    "verify_export": ("~/out",),
    "generate": ("~/out", "--count=3", "--output=~/a.npz"),
    "restore": ("~/out", "~/photo.png", "--mask=~/mask.png", "--steps=2", "--output=~/whole.png"),
    "evaluate": ("~/out", "--dataset=digits", "--count=100", "--metrics=frechet_distance", "--output=~/e.json"),
    "train_classifier": ("--dataset=digits", "--image-size=8", "--epochs=1", "--output=~/c.keras"),
    "model_card": ("~/run", "--count=60", "--output=~/card"),
    "augment": ("~/out", "--dataset=digits", "--per-class=2", "--num-seeds=0", "--output=~/more"),
    "reproduce": ("--check=~/table.md", "--results=~/results"),
    # These need what is not here: a translator, a page, a server, and a network, which wants an empty folder first.
    "translate": ("out", "table.md", "--output=made"),
    "preview": ("~/page",),
    "query": ("http://127.0.0.1:9", "--output=~/q.npz", "--timeout=1"),
    "fetch_data": ("emoji64", "--output=~"),
}


def main() -> None:
    """See above."""
    codes = Path(sys.argv[1])
    (Path.home() / "table.md").write_text("no tables\n", encoding="utf-8")
    for name, box in (("photo", (0, 0, 8, 4)), ("mask", (2, 2, 6, 6))):
        with Image.new("L", (8, 8)) as picture:
            picture.paste(255, box)
            picture.save(Path.home() / f"{name}.png")
    found = {name: run(COMMANDS[name], arguments, f"{name}.py") for name, arguments in ARGUMENTS.items()}
    codes.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
