"""The program's rules, and nothing else. Values go in, values come out.

Belongs here: months, policies, eligibility, payout dates, the ledger's vocabulary, restatement.
Does not: files, databases, clocks, settings, frameworks, any third-party package.
"""
