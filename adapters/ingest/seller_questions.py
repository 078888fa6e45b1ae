"""The questions that are asked of sellers and their totals, as Narwhals expressions."""

import narwhals as nw

from adapters.ingest.questions import AMOUNT_SUM, EXAMPLES, Frame, result, row_count, shortened
from domain.profile import Violations
from domain.settlement import LARGEST_LINE_KRW
from domain.written import visible

_LINES_TO_TELL = 20  # with so many genuine ids, half end in 0 in one of 140,000 stores


def stores(sellers: Frame) -> Frame:
    """Count the rows of each seller_id in the snapshot."""
    named = sellers.filter(nw.col("seller_id") != "")
    return named.group_by("seller_id").agg(nw.col("approved_on").min(), nw.len().alias("rows"))


def repeated_sellers(stores: Frame) -> Frame:
    """Find the sellers with more than one row in the snapshot."""
    return stores.filter(nw.col("rows") > 1).select("seller_id")


def selling(totals: Frame, stores: Frame) -> Frame:
    """Sum the lines of each seller and join its approval; `rows` is NULL without a snapshot row."""
    named = totals.filter(nw.col("seller_id") != "")
    sums = named.group_by("seller_id").agg(nw.col(AMOUNT_SUM).sum(), nw.col("first_on").min())
    return sums.join(stores, on="seller_id", how="left")


def unknown_sellers(selling: Frame) -> Frame:
    """Find the sellers that have lines but are not in the snapshot."""
    return selling.filter(nw.col("rows").is_null()).select("seller_id")


def negative_sellers(selling: Frame) -> Frame:
    """Find the sellers whose lines of all types add up to less than zero."""
    return selling.filter(nw.col(AMOUNT_SUM) < 0)


def large_sellers(totals: Frame) -> Frame:
    """Find the sellers whose lines of one type add up to more than sums over months can hold."""
    large = nw.col(AMOUNT_SUM).abs() > LARGEST_LINE_KRW
    return totals.filter(large).select("seller_id").unique()


def early_sellers(selling: Frame) -> Frame:
    """Find the sellers with a line dated before their approval, and that date."""
    return selling.filter(nw.col("first_on") < nw.col("approved_on"))


def sellers_without_zeros(totals: Frame) -> Frame:
    """Find the sellers with both ids with leading zeros and shorter ids of the same line type."""
    shorter = nw.col("shortest") < nw.col("shortest_padded")
    return totals.filter(shorter).select("seller_id").unique()


def rounded_sellers(totals: Frame) -> Frame:
    """Find the sellers with at least half of their ids longer than 15 digits and ending in 0.

    A tenth of genuine ids end in 0; spreadsheets keep 15 digits and append zeros.
    """
    rounded = 2 * nw.col("ending_in_zero") >= nw.col("lines")
    return totals.filter(nw.col("lines") >= _LINES_TO_TELL, rounded).select("seller_id").unique()


def seller_violations(rule: str, sellers: Frame) -> Violations:
    """Return the violations of a rule by the given sellers."""
    count = row_count(sellers)
    few = result(sellers.select("seller_id").sort("seller_id").head(EXAMPLES)) if count else []
    return Violations(
        rule, count, (), tuple(visible(shortened(row["seller_id"] or "")) for row in few)
    )
