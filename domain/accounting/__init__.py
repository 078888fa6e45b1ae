"""What finance asks of the ledger: roll-forwards of its accounts, and journal entries."""
