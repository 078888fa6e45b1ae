"""The sentences of an explanation, in English and Korean, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from adapters.languages.catalog import Language
from domain.eligibility import Reason


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's templates for `str.format`, by name."""

    language: Language
    sentences: Mapping[str, str]
    reasons: Mapping[Reason, str]
    states: Mapping[str, str]
    obstacles: Mapping[Reason, str]


_ENGLISH: Final = Wording(
    language="en",
    sentences={
        "awarded": "Seller {seller} is awarded tier {tier} for {month}: {points} points.",
        "not_awarded": "Seller {seller} gets no award for {month}. Reasons: {count}.",
        "counted": "What counts ({types}, by the date of purchase confirmation):",
        "amount": "  {month}  {amount:>18} KRW",
        "amount_partly": "  {month}  {amount:>18} KRW   (not counted: {left_out})",
        "unknown_type": "           {amount:>18} KRW   of it have the unknown line type {kind}",
        "sum": "  sum      {amount:>18} KRW",
        "average": "The average over {months} months is {average} KRW. The tiers:",
        "tier": "  {mark} tier {tier}: {lower} KRW up to, not including, {upper} KRW gives "
        "{points} points",
        "tenure": "The store was approved on {approved}; this month is for stores approved from "
        "{first} to {last}.",
        "no_earlier": "It had no award from an earlier month.",
        "earlier": "From {month} it has tier {tier}: {points} points, {state}.",
        "earlier_reversed": "{month} awarded it tier {tier}, {points} points; the award was "
        "reversed before the payout and does not count.",
        "why_not": "Why the store gets nothing:",
        "what_if": "What would change it:",
        "more": "  with {amount} KRW more in {month}, tier {tier} would follow: {points} points",
        "less": "  with {amount} KRW less in {month}, tier {tier} would follow: {points} points",
        "and": " and ",
        "without": "  were it not for {obstacles}, tier {tier} would follow: {points} points",
        "without_more": "  were it not for {obstacles}, and with {amount} KRW more in {month}, tier {tier} "
        "would follow: {points} points",
        "without_less": "  were it not for {obstacles}, and with {amount} KRW less in {month}, tier {tier} "
        "would follow: {points} points",
        "later": "  its tenure is right from {first} to {last}, if the other rules are met then",
        "nothing_changes_it": "  nothing that the store could do in this month",
        "pending": "The points are pending; their payout date is {due}{why}.",
        "unapproved": "The points are pending; their payout date is {due}{why}, and the payout still "
        "needs an approval.",
        "overdue": "The points are pending; they were due on {due}{why} and are not paid yet.",
        "paid": "The points were due on {due}{why} and paid on {paid}.",
        "paid_late": "The points were due on {due}{why} and paid late, on {paid}.",
        "reversed": "Before the month was restated it awarded tier {tier}, {points} points; the "
        "award was reversed before the payout.",
        "clawed_back": "The points were paid on {paid} and clawed back later. They can be "
        "reinstated: growth-points adjust {seller} {plain} --for {month} --reason TEXT",
        "corrected": "{month} was paid without them; the points were awarded later by a correction.",
        "held": "Nothing is paid for this month: {other} already awarded tier {tier}, and each tier "
        "is awarded once.",
        "missing": "{month} was paid on {paid} without these points: its data was restated later. "
        "They can be awarded: growth-points adjust {seller} {plain} --for {month} --reason TEXT",
        "not_posted": "Nothing is posted for this result yet: close {month} again.",
        "nothing_paid": "Nothing is paid for this month.",
        "kept": "Tier {tier}, {points} points, was paid on {paid}, before the month was restated; "
        "what was paid stays.",
        "kept_clawed_back": "Tier {tier}, {points} points, was paid on {paid}, before the month was "
        "restated, and clawed back later.",
        "evaluation": "This is evaluation {number} of the month, made on {at} by {actor} "
        "({reason}), by policy {policy} ({hash}). It rests on:",
        "revision": "  {month} revision {number}, accepted on {at}: {source} ({files})",
        "today_same": "Computed again today, the result is the same.",
        "today_awarded": "Computed again today, on the newest deliveries, it would be tier {tier}, "
        "{points} points, for {amount} KRW. Close {month} again to have that recorded.",
        "today_not": "Computed again today, on the newest deliveries, it would be no award "
        "({reasons}) for {amount} KRW. Close {month} again to have that recorded.",
        "today_gone": "The newest delivery of {month} does not include the seller. Close the month "
        "again to have that recorded.",
    },
    reasons={
        Reason.SELLER_NOT_ACTIVE: "the store's status was {status}, not {active}",
        Reason.TENURE_TOO_SHORT: "approved after {last}, the store is too young",
        Reason.TENURE_TOO_LONG: "approved before {first}, the store is no longer new",
        Reason.RUNS_DEPARTMENT_STORE_WINDOW: "it runs a department-store window",
        Reason.RUNS_OUTLET_WINDOW: "it runs an outlet window",
        Reason.USES_FULFILMENT: "it uses fulfilment",
        Reason.USES_API: "it uses the API",
        Reason.BELOW_LOWEST_TIER: "the sum is {short} KRW short of the lowest tier ({least} KRW "
        "over the window)",
        Reason.ABOVE_HIGHEST_TIER: "an average of {highest} KRW or more is above every tier",
        Reason.TIER_ALREADY_AWARDED: "the tier of this average was awarded before, and each tier "
        "is awarded once",
        Reason.BELOW_AWARDED_TIER: "a higher tier was awarded before, and awards never go downwards",
    },
    states={
        "pending": "pending",
        "paid": "paid",
        "corrected": "awarded by a correction",
        "clawed_back": "clawed back",
    },
    obstacles={
        Reason.SELLER_NOT_ACTIVE: "its status",
        Reason.RUNS_DEPARTMENT_STORE_WINDOW: "its department-store window",
        Reason.RUNS_OUTLET_WINDOW: "its outlet window",
        Reason.USES_FULFILMENT: "its use of fulfilment",
        Reason.USES_API: "its use of the API",
    },
)

_KOREAN: Final = Wording(
    language="ko",
    sentences={
        "awarded": "판매자 {seller}의 {month} 정산월 평가 결과는 {tier}구간, {points}포인트 지급 대상입니다.",
        "not_awarded": "판매자 {seller}의 {month} 정산월 평가 결과는 지급 대상이 아닙니다. "
        "미지급 사유는 {count}건입니다.",
        "counted": "거래액 집계 ({types}, 구매확정일 기준):",
        "amount": "  {month}  {amount:>18}원",
        "amount_partly": "  {month}  {amount:>18}원   (집계 제외: {left_out}원)",
        "unknown_type": "           {amount:>18}원   그중 미등록 구분: {kind}",
        "sum": "  합계     {amount:>18}원",
        "average": "최근 {months}개월 평균 거래액은 {average}원입니다. 구간 기준:",
        "tier": "  {mark} {tier}구간: {lower}원 이상 {upper}원 미만, {points}포인트",
        "tenure": "입점 승인일은 {approved}입니다. 이 정산월은 {first}부터 {last}까지 승인된 스토어가 "
        "대상입니다.",
        "no_earlier": "이전 정산월에 지급 결정된 구간이 없습니다.",
        "earlier": "{month} 정산월에 {tier}구간 {points}포인트가 지급 결정되었습니다 ({state}).",
        "earlier_reversed": "{month} 정산월에 결정된 {tier}구간 {points}포인트는 지급 전에 취소되어 "
        "반영하지 않습니다.",
        "why_not": "미지급 사유:",
        "what_if": "결과가 달라지는 조건:",
        "more": "  {month} 거래액이 {amount}원 더 많으면 {tier}구간 {points}포인트입니다",
        "less": "  {month} 거래액이 {amount}원 더 적으면 {tier}구간 {points}포인트입니다",
        "and": ", ",
        "without": "  {obstacles}에 해당하지 않으면 {tier}구간 {points}포인트입니다",
        "without_more": "  {obstacles}에 해당하지 않고 {month} 거래액이 {amount}원 더 많으면 {tier}구간 "
        "{points}포인트입니다",
        "without_less": "  {obstacles}에 해당하지 않고 {month} 거래액이 {amount}원 더 적으면 {tier}구간 "
        "{points}포인트입니다",
        "later": "  입점 후 경과 기간은 {first}부터 {last}까지 충족됩니다 (다른 조건은 그때 평가)",
        "nothing_changes_it": "  이 정산월에 스토어가 바꿀 수 있는 조건은 없습니다",
        "pending": "포인트는 아직 지급 전이며 지급 예정일은 {due}입니다{why}.",
        "unapproved": "포인트는 아직 지급 전이며 지급 예정일은 {due}입니다{why}. 지급하려면 승인이 필요합니다.",
        "overdue": "포인트는 아직 지급 전입니다. 지급 예정일 {due}{why} 이후에도 지급되지 않았습니다.",
        "paid": "지급 예정일은 {due}{why}, 지급일은 {paid}입니다.",
        "paid_late": "지급 예정일은 {due}{why}, 지급일은 {paid}입니다. 예정보다 늦게 지급되었습니다.",
        "reversed": "재정산 전에는 {tier}구간 {points}포인트였으며, 지급 전에 취소되었습니다.",
        "clawed_back": "{paid}에 지급된 포인트가 이후 회수되었습니다. 회수를 취소할 수 있습니다: "
        "growth-points adjust {seller} {plain} --for {month} --reason TEXT",
        "corrected": "{month} 정산월 지급에는 포함되지 않았고, 이후 추가 지급되었습니다.",
        "held": "이 정산월에는 지급하지 않습니다: {other} 정산월에 {tier}구간이 이미 지급 결정되었고, "
        "구간별로 한 번만 지급합니다.",
        "missing": "{month} 정산월은 {paid}에 이 포인트 없이 지급되었습니다 (이후 재정산). 추가 지급할 수 "
        "있습니다: growth-points adjust {seller} {plain} --for {month} --reason TEXT",
        "not_posted": "이 결과는 아직 포인트 원장에 반영되지 않았습니다. {month} 마감을 다시 실행해 주세요.",
        "nothing_paid": "이 정산월에는 지급되는 포인트가 없습니다.",
        "kept": "재정산 전인 {paid}에 {tier}구간 {points}포인트가 지급되었습니다. 이미 지급된 포인트는 "
        "그대로 유지됩니다.",
        "kept_clawed_back": "재정산 전인 {paid}에 {tier}구간 {points}포인트가 지급되었고, 이후 "
        "회수되었습니다.",
        "evaluation": "이 정산월의 {number}차 평가입니다. 평가 일시 {at}, 실행 {actor} ({reason}), "
        "운영 정책 {policy} ({hash}). 근거 자료:",
        "revision": "  {month} {number}차 정산 자료, 접수 {at}: {source} ({files})",
        "today_same": "현재 자료로 다시 계산해도 결과가 같습니다.",
        "today_awarded": "최신 정산 자료로 다시 계산하면 거래액 {amount}원, {tier}구간 {points}포인트입니다. "
        "반영하려면 {month} 마감을 다시 실행해 주세요.",
        "today_not": "최신 정산 자료로 다시 계산하면 거래액 {amount}원, 지급 대상이 아닙니다 ({reasons}). "
        "반영하려면 {month} 마감을 다시 실행해 주세요.",
        "today_gone": "{month} 최신 정산 자료에는 이 판매자가 없습니다. 반영하려면 마감을 다시 실행해 주세요.",
    },
    reasons={
        Reason.SELLER_NOT_ACTIVE: "스토어 상태({status})가 지급 대상 상태({active})와 다릅니다",
        Reason.TENURE_TOO_SHORT: "{last}보다 늦게 승인되어 입점 후 경과 기간이 짧습니다",
        Reason.TENURE_TOO_LONG: "{first}보다 먼저 승인되어 신규 스토어가 아닙니다",
        Reason.RUNS_DEPARTMENT_STORE_WINDOW: "백화점윈도를 운영합니다",
        Reason.RUNS_OUTLET_WINDOW: "아울렛윈도를 운영합니다",
        Reason.USES_FULFILMENT: "풀필먼트를 이용합니다",
        Reason.USES_API: "API를 이용합니다",
        Reason.BELOW_LOWEST_TIER: "합계가 1구간 기준({least}원)보다 {short}원 적습니다",
        Reason.ABOVE_HIGHEST_TIER: "월평균 {highest}원 이상은 지급 구간이 없습니다",
        Reason.TIER_ALREADY_AWARDED: "이 구간은 이미 지급 결정되었으며, 구간별로 한 번만 지급합니다",
        Reason.BELOW_AWARDED_TIER: "더 높은 구간이 이미 지급 결정되어 낮은 구간은 지급하지 않습니다",
    },
    states={
        "pending": "지급 예정",
        "paid": "지급 완료",
        "corrected": "추가 지급",
        "clawed_back": "회수",
    },
    obstacles={
        Reason.SELLER_NOT_ACTIVE: "비정상 스토어 상태",
        Reason.RUNS_DEPARTMENT_STORE_WINDOW: "백화점윈도 운영",
        Reason.RUNS_OUTLET_WINDOW: "아울렛윈도 운영",
        Reason.USES_FULFILMENT: "풀필먼트 이용",
        Reason.USES_API: "API 이용",
    },
)

# What operators read with the command that they may give; stores read the sentence alone.
_TO_STORES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "clawed_back": "The points were paid on {paid} and clawed back later.",
        "missing": "{month} was paid on {paid} without these points: its data was restated later.",
        "not_posted": "Nothing is posted for this result yet.",
    },
    "ko": {
        "clawed_back": "{paid}에 지급된 포인트가 이후 회수되었습니다.",
        "missing": "{month} 정산월은 {paid}에 이 포인트 없이 지급되었습니다 (이후 재정산).",
        "not_posted": "이 결과는 아직 포인트 원장에 반영되지 않았습니다.",
    },
}
WORDINGS: Final[Mapping[Language, Wording]] = {"en": _ENGLISH, "ko": _KOREAN}


def wording(language: Language, *, for_operators: bool) -> Wording:
    """Return the templates of a language, as operators or as stores read them."""
    words = WORDINGS[language]
    if for_operators:
        return words
    return replace(words, sentences={**words.sentences, **_TO_STORES[language]})
