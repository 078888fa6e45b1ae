"""What reads a month's settlement lines: the embedded engine, or a cluster."""

import sys

# Spark's client takes a process whose main module has no file for a doctest, and ends it, unless
# somebody types into it. Processes that others start, as multiprocessing does, have none.
if not hasattr(sys.modules["__main__"], "__file__") and not hasattr(sys, "ps1"):
    sys.ps1 = ""
