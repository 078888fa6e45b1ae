"""Everything that can be derived again is derived and compared with what was recorded."""
