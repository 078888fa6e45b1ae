"""A small sound delivery, and a way to break exactly one thing in it."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.months import SettlementMonth

MONTH = SettlementMonth(2026, 10)

Row = dict[str, str]


def _lines() -> list[Row]:
    return [
        {
            "seller_id": seller,
            "order_id": f"O{number}",
            "product_order_id": f"2026100700000{number:03}",
            "line_type": line_type,
            "settlement_type": "NORMAL_SETTLE_ORIGINAL",
            "payment_amount_krw": amount,
            "confirmed_on": f"2026-10-{number + 1:02}",
        }
        for number, (seller, line_type, amount) in enumerate(
            [
                ("store-a", "PROD_ORDER", "10000"),
                ("store-a", "PROD_ORDER", "-4000"),
                ("store-a", "DELIVERY", "3000"),
                ("store-b", "PROD_ORDER", "250000"),
            ]
        )
    ]


def _sellers() -> list[Row]:
    return [
        {
            "seller_id": seller,
            "approved_on": "2026-05-20",
            "status": "NORMAL",
            "runs_department_store_window": "false",
            "runs_outlet_window": "false",
            "uses_fulfilment": "true",
            "uses_api": "false",
        }
        for seller in ("store-b", "store-a", "store-c")
    ]


@dataclass
class SmallDelivery:
    """Four lines of two sellers and a snapshot of three, as CSV with a manifest that fits.

    Change `lines` and `sellers` first, then `write`.
    """

    root: Path
    lines: list[Row] = field(default_factory=_lines)
    sellers: list[Row] = field(default_factory=_sellers)

    @property
    def folder(self) -> Path:
        """The month's folder."""
        return self.root / str(MONTH)

    def write(self, *, manifest: bool = False) -> "SmallDelivery":
        """Write `settlements.csv` and `sellers.csv`, and a manifest of them if asked for."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_csv(self.folder / "settlements.csv", self.lines)
        write_csv(self.folder / "sellers.csv", self.sellers)
        if manifest:
            self.declare()
        return self

    def declare(
        self, changes: Mapping[str, Any] | None = None, content: str = "settlements"
    ) -> None:
        """Write a manifest that fits the files, but for `changes` to the entry of one of them."""
        amount = sum(int(line["payment_amount_krw"]) for line in self.lines)
        settlements = self._entry("settlements.csv", len(self.lines))
        entries = {
            "settlements": settlements | {"payment_amount_krw": amount},
            "sellers": self._entry("sellers.csv", len(self.sellers)),
        }
        entries[content] |= dict(changes or {})
        manifest = {
            "settlement_month": str(MONTH),
            "files": [entries["settlements"]],
            "sellers": entries["sellers"],
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest))

    def _entry(self, name: str, rows: int) -> dict[str, Any]:
        sha256 = hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
        return {"name": name, "rows": rows, "sha256": sha256}


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows under the header of the first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
