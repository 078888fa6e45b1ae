"""The vocabulary of a delivery: its columns, the names they are known by, the values they take.

Belongs here: what a settlement line and a snapshot row consist of. Not here: what must be true of
them (`expectations`) and how a file is read (`adapters`).
"""

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What a delivered file holds; also how its name begins."""

    SETTLEMENTS = "settlements"
    SELLERS = "sellers"


class Kind(StrEnum):
    """What the values of a column are, once read."""

    TEXT = "text"
    AMOUNT_KRW = "amount_krw"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """A canonical column and the other headers by which senders know it, in order of preference."""

    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()

    @property
    def unreadable(self) -> str:
        """The column that holds a value as it was written where it could not be read."""
        return f"{self.name}_unreadable"


LINE_COLUMNS: tuple[Column, ...] = (
    Column("seller_id", Kind.TEXT, ("merchantId",)),
    Column("order_id", Kind.TEXT, ("orderId", "주문번호")),
    Column("product_order_id", Kind.TEXT, ("productOrderId", "상품주문번호")),
    Column("line_type", Kind.TEXT, ("productOrderType", "구분")),
    Column("settlement_type", Kind.TEXT, ("settleType", "정산상태")),
    Column(
        "payment_amount_krw",
        Kind.AMOUNT_KRW,
        ("paySettleAmount", "정산기준금액", "정산기준금액(A)", "결제금액(A)"),
    ),
    # The tax basis date, never the settlement basis date: for a quick settlement that one is the
    # courier's pick-up date (rule 1).
    Column("confirmed_on", Kind.DATE, ("taxReturnDate", "세금신고기준일")),
)

SELLER_FLAGS = ("runs_department_store_window", "runs_outlet_window", "uses_fulfilment", "uses_api")

SELLER_COLUMNS: tuple[Column, ...] = (
    Column("seller_id", Kind.TEXT, ("merchantId",)),
    Column("approved_on", Kind.DATE),
    Column("status", Kind.TEXT),
    *(Column(name, Kind.FLAG) for name in SELLER_FLAGS),
)

COLUMNS: dict[Content, tuple[Column, ...]] = {
    Content.SETTLEMENTS: LINE_COLUMNS,
    Content.SELLERS: SELLER_COLUMNS,
}

# The same key twice is a duplicate: a line counts once (rule 4).
LINE_KEY = ("product_order_id", "line_type", "settlement_type", "confirmed_on")

# The only lines that count, and the only stores that can earn (rules 2 and 7).
PRODUCT_LINE = "PROD_ORDER"
NORMAL_STORE = "NORMAL"

LINE_TYPES = (PRODUCT_LINE, "DELIVERY", "EXTRAFEE")

SETTLEMENT_TYPES = (
    "NORMAL_SETTLE_ORIGINAL",
    "NORMAL_SETTLE_AFTER_CANCEL",
    "NORMAL_SETTLE_BEFORE_CANCEL",
    "QUICK_SETTLE_ORIGINAL",
    "QUICK_SETTLE_CANCEL",
    "QUANTITY_CANCEL_DEDUCTION",
    "QUANTITY_CANCEL_RESTORE",
)

STATUSES = (NORMAL_STORE, "PAUSED", "CLOSED")

# What a spreadsheet writes where the other header sets have a code; spaces do not matter.
SPREADSHEET_VALUES: dict[str, dict[str, str]] = {
    "line_type": {"상품주문": "PROD_ORDER", "배송비": "DELIVERY"},
    "settlement_type": {
        "일반정산": "NORMAL_SETTLE_ORIGINAL",
        "정산후취소": "NORMAL_SETTLE_AFTER_CANCEL",
        "정산전취소": "NORMAL_SETTLE_BEFORE_CANCEL",
        "빠른정산": "QUICK_SETTLE_ORIGINAL",
        "빠른정산회수": "QUICK_SETTLE_CANCEL",
        "수량취소정산(공제)": "QUANTITY_CANCEL_DEDUCTION",
        "수량취소정산(환급)": "QUANTITY_CANCEL_RESTORE",
    },
}

LONGEST_ID = 64

# No purchase costs a trillion won; one that seems to is a damaged amount, and sums of such lines
# would leave the range of a 64-bit integer.
LARGEST_LINE_KRW = 1_000_000_000_000
