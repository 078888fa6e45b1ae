"""What reads a month's settlement lines: the embedded engine, or a cluster."""
