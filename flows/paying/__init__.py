"""Paying a closed month: plan its date, approve it, make its points available."""
