"""What is Prefect's own: deployments, forms, names of runs, events, alarms, retries, the worker.

Only this room and the `flow.py` modules of the others import Prefect.
"""
