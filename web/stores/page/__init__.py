"""The stores' own page: rendered here, opened from the seller center, kept safe by its cookies."""
