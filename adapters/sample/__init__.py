"""A sample marketplace: settlement files of any size, made on the spot, the same on every machine.

Belongs here: the imagined stores, what they sell, and the files that say so.
Does not: anything that reads a delivery; a sample is read like every other one.
"""

from adapters.sample.files import NotThatSample, SampleInvalid, write_sample

__all__ = ["NotThatSample", "SampleInvalid", "write_sample"]
