"""See `python scripts/class_shares.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("class_shares")
