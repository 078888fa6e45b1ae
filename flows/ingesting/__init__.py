"""A month's files come in: found, read, judged, recorded as the month's revision, or refused."""
