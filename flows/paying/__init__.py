"""A closed month is paid: its date planned, its payout approved, its points made available."""
