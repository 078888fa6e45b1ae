"""Using points: what stores do with available points, and when those expire."""
