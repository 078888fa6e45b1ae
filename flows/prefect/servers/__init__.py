"""Prefect servers: temporary for a command, lasting for `up`, or configured by the operator."""
