"""The operators' pages: how things stand, months, stores, accounts and data rules.

Belongs here: what the pages of operators show, and how they are guarded. Does not: the stores' own
page (`web.stores`), reading what is shown (`flows.showing`, `adapters.postgres`).
"""
