"""Correcting a store's points: a free adjustment, or the correction of a paid month."""
