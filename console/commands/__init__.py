"""The commands, by topic; `console.cli` assembles them."""
