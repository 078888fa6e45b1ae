"""Prefect servers: those that a command or `up` starts, and where their UI shows what."""
