"""Expiring points that a store left for a year after its last grant."""
