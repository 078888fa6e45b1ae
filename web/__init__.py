"""The operators' pages, and the figures for Prometheus."""
