"""What finance asks for: roll-forwards of the accounts, and journal entries for its books."""
