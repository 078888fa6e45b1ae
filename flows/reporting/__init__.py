"""What a month has to tell: the report, its page, its Markdown, and where they are kept."""
