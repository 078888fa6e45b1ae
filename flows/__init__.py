"""What happens: one room for each business event, whose `flow.py` reads aloud as the process.

A room holds its Prefect flow (`flow.py`), the plain functions that it calls in the order of the
process, and what it tells (`report.py`, `events.py`). Belongs here: transactions, the clock, the
settings, the order of steps. Does not: rules (`domain`), SQL and files (`adapters`), commands
(`console`), served pages (`web`).
"""
