"""Points that a store has are corrected, freely or for a paid month that turned out wrong."""
