"""The command line: commands, tables, progress, explanations, the demo."""
