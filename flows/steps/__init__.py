"""The plain functions that the flows' tasks wrap, one step of the process in each module.

Belongs here: gather, decide, apply, with the transaction opened here.
Does not: Prefect, another step, the clock.
"""
