"""See `python scripts/restore.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("restore")
