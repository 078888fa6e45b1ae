"""The data-quality rules, and the gate that applies them before anything is decided.

Belongs here: rules for one row and for a whole delivery, the suites, the gate that runs them.
Does not: eligibility (`domain`), reading files or tables (`adapters`).
"""
