"""A sample marketplace: generated settlement files of any size, the same on every machine.

Belongs here: the generated stores, their sales and rewards, and the files.
Does not: anything that reads a delivery; a sample is read like every other one.
"""

from adapters.sample.files import NotThatSample, SampleInvalid, write_sample
from adapters.sample.reward_days import write_rewards

__all__ = ["NotThatSample", "SampleInvalid", "write_rewards", "write_sample"]
