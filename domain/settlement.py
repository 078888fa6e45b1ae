"""The columns of a month's delivery, their aliases and their known values.

Belongs here: what a settlement line and a snapshot row consist of. Does not: what must be true of
them (`expectations`), how a file is read (`adapters`).
"""

from domain.columns import Column, Kind

LINE_COLUMNS: tuple[Column, ...] = (
    Column("seller_id", Kind.ID, ("merchantId",)),
    Column("order_id", Kind.ID, ("orderId", "주문번호")),
    Column("product_order_id", Kind.ID, ("productOrderId", "상품주문번호")),
    Column("line_type", Kind.WORD, ("productOrderType", "구분")),
    Column("settlement_type", Kind.WORD, ("settleType", "정산상태")),
    Column(
        "payment_amount_krw",
        Kind.WHOLE,
        ("paySettleAmount", "정산기준금액", "정산기준금액(A)", "결제금액(A)"),
    ),
    # The tax basis date, never the settlement basis date: for a quick settlement that one is the
    # courier's pick-up date (rule 1).
    Column("confirmed_on", Kind.DATE, ("taxReturnDate", "세금신고기준일")),
)

SELLER_FLAGS = ("runs_department_store_window", "runs_outlet_window", "uses_fulfilment", "uses_api")

SELLER_COLUMNS: tuple[Column, ...] = (
    Column("seller_id", Kind.ID, ("merchantId",)),
    Column("approved_on", Kind.DATE),
    Column("status", Kind.WORD),
    *(Column(name, Kind.FLAG) for name in SELLER_FLAGS),
)

# Lines with the same key are duplicates: a line counts once (rule 4).
LINE_KEY = ("product_order_id", "line_type", "settlement_type", "confirmed_on")

# Only these lines count, and only these stores can earn (rules 2 and 7).
PRODUCT_LINE = "PROD_ORDER"
NORMAL_STORE = "NORMAL"

# The codes of the marketplace API (settle/case, 2026), each with the words that spreadsheets and
# the documentation use for it. Words are compared by `written.word_key`.
LINE_TYPES: dict[str, tuple[str, ...]] = {
    PRODUCT_LINE: ("상품주문",),
    "DELIVERY": ("배송비",),
    "EXTRAFEE": ("기타비용",),
    "WITHDRAW": ("결제수단출금",),
    "REFUND": ("구매자환불",),
    "PL_REFUND": ("후불결제환불",),
    "DEDUCTION_RESTORE": ("기타공제환급",),
    "PROD_PAY": ("상품결제",),
    "PURCHASE_REVIEW": ("텍스트리뷰",),
    "PREMIUM_PURCHASE_REVIEW": ("포토/동영상리뷰",),
    "REGULAR_PURCHASE_REVIEW": ("알림받기동의회원리뷰추가적립",),
    "ONE_MONTH_PURCHASE_REVIEW": ("한달사용텍스트리뷰",),
    "ONE_MONTH_PREMIUM_PURCHASE_REVIEW": ("한달사용포토/동영상리뷰",),
    "REVIEW": ("리뷰적립",),
    "ETC_COUPON": ("기타할인",),
    "QUICK_SETTLE": ("빠른정산",),
    "QUANTITY_CANCEL": ("수량취소",),
    "DIFFERENCE_SETTLE": ("차액정산",),
    "DEPOSIT_SETTLE": ("보증금",),
    "RENTAL_ORDER": ("렌탈주문",),
    "MANUAL_ORDER": ("수기주문",),
    "RENTAL_SCHEDULED_ORDER": ("월렌탈료주문",),
    "PREFERENTIAL_COMMISSION": ("우대수수료환급",),
    "POINT_ACCUMULATION": ("포인트적립",),
    "POST_ORDER_ADJUSTMENT_AMOUNT": ("주문후변동금액",),
    "CSF": ("통관대행료",),
    "CONCESSION": ("구매자보상",),
}

SETTLEMENT_TYPES: dict[str, tuple[str, ...]] = {
    "NORMAL_SETTLE_ORIGINAL": ("일반정산",),
    "NORMAL_SETTLE_AFTER_CANCEL": ("정산후취소",),
    "NORMAL_SETTLE_BEFORE_CANCEL": ("정산전취소",),
    "QUICK_SETTLE_ORIGINAL": ("빠른정산",),
    "QUICK_SETTLE_CANCEL": ("빠른정산회수",),
    "QUANTITY_CANCEL_DEDUCTION": ("수량취소정산(공제)",),
    "QUANTITY_CANCEL_RESTORE": ("수량취소정산(환급)",),
}

STATUSES: dict[str, tuple[str, ...]] = {NORMAL_STORE: ("정상",), "PAUSED": (), "CLOSED": ()}

# No purchase costs a trillion won, and no store sells as much in a month: a larger amount is
# damaged, and sums could exceed 64 bits.
LARGEST_LINE_KRW = 1_000_000_000_000
