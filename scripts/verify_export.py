"""See `python scripts/verify_export.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("verify_export")
