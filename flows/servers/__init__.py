"""Prefect servers that this program starts for itself: for one command, or as long as `up` runs."""
