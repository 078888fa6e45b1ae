"""Orchestration: Prefect flows, the steps they call, the command line, the settings.

Belongs here: the order of things, retries, reports, and the only reading of clock and environment.
Does not: rules (`domain`), SQL or file formats (`adapters`).
"""
