"""The folder that a bench is told to work in."""

import argparse
from pathlib import Path


def existing_folder(given: str) -> Path:
    """Read a folder from the command line; one that is not there is wrong usage."""
    if not Path(given).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {given}; make it, or name another")
    return Path(given)
