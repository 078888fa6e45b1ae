"""What a run tells of a month: a report as a value, as Markdown, as a page, and as kept files."""
