"""What operators have around the flows: forms, corrections, plans, retries, events, alarms."""
