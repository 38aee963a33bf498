"""See `python scripts/train_classifier.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("train_classifier")
