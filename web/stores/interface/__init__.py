"""The marketplace's interface: routes under /api/v1, by subject."""

from typing import Final

from web.stores.interface import conversions, health, points, rewards

ROUTERS: Final = (points.router, conversions.router, rewards.router, health.router)
