"""Paying rewards to customers from delivered entries, and trying refused ones again."""
