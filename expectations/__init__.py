"""What the data must look like before anything is decided on it.

Belongs here: rules per settlement line and per snapshot row, the suites, the gate that runs them.
Does not: who is entitled to what (that is `domain`), reading files or tables (that is `adapters`).
"""
