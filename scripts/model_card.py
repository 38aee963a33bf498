"""See `python scripts/model_card.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("model_card")
