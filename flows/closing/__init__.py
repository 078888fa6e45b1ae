"""A month is closed, or closed again: ingested, decided for every store, posted, reported.

A closing is one transaction (`record_closing`); a month that changes has the later ones evaluated
again in the same one (`cascade`). Does not belong here: paying what was posted (`paying`),
correcting what was paid (`correcting`).
"""
