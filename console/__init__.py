"""The command line: commands, their tables, progress and explanations, the demo."""
