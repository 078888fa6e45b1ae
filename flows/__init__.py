"""The business events, one package each.

A package holds its Prefect flow (`flow.py`), the plain functions that the flow calls, and its
output (`report.py`, `events.py`). Belongs here: transactions, the clock, the settings, the order of
steps. Does not: rules (`domain`), SQL and files (`adapters`), commands (`console`), pages (`web`).
"""
