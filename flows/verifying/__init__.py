"""Verifying the records: derive everything again and compare."""
