"""Prefect servers: one for a command, one that stays, one that an operator configured."""
