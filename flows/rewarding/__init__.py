"""Paying rewards: read a day's entries and check them, then pay them in order."""
