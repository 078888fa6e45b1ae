"""Signatures of senders: reading and checking them, and the file of the keys that are trusted.

What is signed, and what follows from it, belongs to `adapters.ingest`.
"""
