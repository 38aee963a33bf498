"""See `python scripts/fetch_data.py --help`."""

from tfgan_suite.cli import script

if __name__ == "__main__":
    script("fetch_data")
