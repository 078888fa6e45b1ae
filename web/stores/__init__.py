"""The stores' own page and the marketplace's interface: whoever asks has a signed token."""
