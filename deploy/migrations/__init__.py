"""The schema's history, applied by the commands that need it. Never edit one that was released."""
