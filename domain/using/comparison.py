"""What one day's credits here and in the ad system differ in."""

from collections.abc import Collection, Iterator, Mapping

from domain.sentence import Text, sentence
from domain.using.ad_credit import Credit, CreditRequest


def unlike_theirs(
    ours: Mapping[str, CreditRequest],
    delivered: Collection[str],
    theirs: Mapping[str, Credit],
    day: str,
) -> Iterator[Text]:
    """Say what differs between `ours`, all conversions by their ids, and `theirs` of a day.

    `delivered` are the ids of ours whose delivery was recorded on that day. What the ad system has
    credited and is still held here is no difference: the next delivery finds out.
    """
    for number in sorted(theirs.keys() - ours.keys()):
        request = theirs[number].request
        yield (
            sentence(
                "the ad system credited {points:,} points to account {account_id} on "
                "{day} as {number}, which is no conversion of this program",
                points=request.points,
                account_id=request.account_id,
                day=day,
                number=number,
            )
        )
    for number in sorted(theirs.keys() & ours.keys()):
        if theirs[number].request != ours[number]:
            yield (
                sentence(
                    "the ad system credited {request} as {number}, which is a conversion of {ours}",
                    request=_of(theirs[number].request),
                    number=number,
                    ours=_of(ours[number]),
                )
            )
    for number in sorted(set(delivered) - theirs.keys()):
        yield (
            sentence(
                "the ad system does not list {number}, {ours}, which was delivered on {day}",
                number=number,
                ours=_of(ours[number]),
                day=day,
            )
        )


def _of(request: CreditRequest) -> Text:
    return sentence(
        "{points:,} points for account {account_id}",
        points=request.points,
        account_id=request.account_id,
    )
