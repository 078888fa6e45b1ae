"""The ledger: double entry, append only, every record sealed into a chain.

`awarding`, `paying` and `adjusting` write it, each as a `posting`, `approving` what adjustments
need; `entries` reads it, `seals` prove it; `refusals` are what it will not do.
"""

from adapters.postgres.ledger.adjusting import adjust
from adapters.postgres.ledger.approving import (
    adjustment_limit,
    approved_adjustment,
    record_adjustment_approval,
)
from adapters.postgres.ledger.awarding import post_awards, reverse_awards
from adapters.postgres.ledger.entries import (
    LedgerEntry,
    Payout,
    entries,
    paid_months,
    payouts,
    pending_totals,
    standing_awards,
)
from adapters.postgres.ledger.paying import PaidOut, pay_out
from adapters.postgres.ledger.posting import Posted
from adapters.postgres.ledger.refusals import (
    AdjustmentAhead,
    AdjustmentNotApproved,
    AlreadyPaidOut,
    AwardNotPending,
    BalanceTooLow,
    BudgetExceeded,
    CorrectionNotApproved,
    NothingToPost,
    PayoutNotDecided,
    PayoutNotDue,
    PostingConflict,
)
from adapters.postgres.ledger.seals import (
    ChainHead,
    chain_head,
    check_now,
    seal_now,
    waiting_for_seals,
)

__all__ = [
    "AdjustmentAhead",
    "AdjustmentNotApproved",
    "AlreadyPaidOut",
    "AwardNotPending",
    "BalanceTooLow",
    "BudgetExceeded",
    "ChainHead",
    "CorrectionNotApproved",
    "LedgerEntry",
    "NothingToPost",
    "PaidOut",
    "Payout",
    "PayoutNotDecided",
    "PayoutNotDue",
    "Posted",
    "PostingConflict",
    "adjust",
    "adjustment_limit",
    "approved_adjustment",
    "chain_head",
    "check_now",
    "entries",
    "paid_months",
    "pay_out",
    "payouts",
    "pending_totals",
    "post_awards",
    "record_adjustment_approval",
    "reverse_awards",
    "seal_now",
    "standing_awards",
    "waiting_for_seals",
]
