"""A month's report: as a value, as Markdown, as a page, and as kept files."""
