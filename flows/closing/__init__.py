"""Closing a month: ingest, decide for every store, post, report.

A closing is one transaction (`record_closing`), in which later closed months are evaluated again
(`cascade`). Does not belong here: payouts (`paying`), corrections of paid months (`correcting`).
"""
