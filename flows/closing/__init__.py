"""What a closing is made of, inside one transaction: taking in, evaluating in order, posting.

Belongs here: the order of gather, decide and apply for months, on the caller's connection.
Does not: opening transactions (that is `flows/steps`), Prefect, the clock.
"""
