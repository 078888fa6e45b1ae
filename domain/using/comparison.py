"""What one day's credits here and in the ad system differ in."""

from collections.abc import Collection, Iterator, Mapping

from domain.using.ad_credit import Credit, CreditRequest


def unlike_theirs(
    ours: Mapping[str, CreditRequest],
    delivered: Collection[str],
    theirs: Mapping[str, Credit],
    day: str,
) -> Iterator[str]:
    """Say what differs between `ours`, all conversions by their ids, and `theirs` of a day.

    `delivered` are the ids of ours whose delivery was recorded on that day. What the ad system has
    credited and is still held here is no difference: the next delivery finds out.
    """
    for number in sorted(theirs.keys() - ours.keys()):
        request = theirs[number].request
        yield (
            f"the ad system credited {request.points:,} points to account {request.account_id} on "
            f"{day} as {number}, which is no conversion of this program"
        )
    for number in sorted(theirs.keys() & ours.keys()):
        if theirs[number].request != ours[number]:
            yield (
                f"the ad system credited {_of(theirs[number].request)} as {number}, which is a "
                f"conversion of {_of(ours[number])}"
            )
    for number in sorted(set(delivered) - theirs.keys()):
        yield (
            f"the ad system does not list {number}, {_of(ours[number])}, which was delivered on "
            f"{day}"
        )


def _of(request: CreditRequest) -> str:
    return f"{request.points:,} points for account {request.account_id}"
