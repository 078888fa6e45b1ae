"""Mutation: each condition of the database's guards is weakened in turn; a probe must notice."""
