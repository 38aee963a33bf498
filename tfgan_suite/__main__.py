"""`python -m tfgan_suite train ...`: the scripts, for those who have no checkout."""

from tfgan_suite.cli import main

if __name__ == "__main__":
    main()
