"""Everything about Prefect: deployments, forms, run names, events, alarms, retries, the worker.

Only this package and the `flow.py` modules import Prefect.
"""
