"""What operators have around the flows: forms, plans, retries, events, alarms, figures."""
