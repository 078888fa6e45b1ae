"""Access to the outside: files, query engines, PostgreSQL, holidays, policies.

Belongs here: one question per function, answered in the domain's words; the caller owns the
transaction. Does not: rules, orchestration, the clock, the environment.
"""
