"""Attacks by whoever may insert postings: to move points twice, wrongly or without a record."""

from tests.attacks.statements import by_service, by_user, key_of, posting, row, transfer

GIFT = posting("adjustment") + transfer(row("adjustment"))
AWARD = {"tier": "1", "award_no": "1"}

POSTINGS = (
    by_service("post under one key twice", GIFT + GIFT, "posting_key_is_used_once"),
    by_service(
        "post under the key of somebody's posting",
        posting("adjustment", key="adjustment/1"),
        "posting_key_is_used_once",
    ),
    by_service(
        "move twice for one posting that was noted",
        GIFT + "SET CONSTRAINTS ALL IMMEDIATE;" + transfer(row("adjustment")),
        "transfer_belongs",
    ),
    by_service(
        "move twice for one posting that was sealed",
        GIFT
        + "SET CONSTRAINTS ALL IMMEDIATE; SELECT growth_points.seal_waiting();"
        + transfer(row("adjustment")),
        "transfer_belongs",
    ),
    by_service(
        "move for a posting of before",
        transfer(row("adjustment", key="adjustment/1")),
        "transfer_belongs",
    ),
    by_service(
        "move for two postings at once",
        posting("adjustment")
        + posting("adjustment", key=key_of("adjustment", 2))
        + transfer(row("adjustment"), row("adjustment", key=key_of("adjustment", 2))),
        "transfer_belongs",
    ),
    by_service("move for no posting", transfer(row("adjustment", key="none")), "posting_no"),
    by_service(
        "move in another kind",
        posting("adjustment") + transfer(row("award", key=key_of("adjustment"), **AWARD)),
        "transfer_belongs",
    ),
    by_service(
        "adjust on a day to come",
        posting("adjustment", on="2199-01-01") + transfer(row("adjustment")),
        "transfer_is_not_ahead",
    ),
    by_service("post without moving", posting("adjustment"), "posting_has_transfers"),
    by_service(
        "move, and take only the transfers back",
        posting("adjustment")
        + "SAVEPOINT s;"
        + transfer(row("adjustment"))
        + "ROLLBACK TO SAVEPOINT s;",
        "posting_has_transfers",
    ),
    by_service(
        "defer the checks of a posting",
        "SET CONSTRAINTS ALL DEFERRED;"
        + posting("adjustment")
        + "SET CONSTRAINTS growth_points.sealed IMMEDIATE;",
        "posting_has_transfers",
    ),
    *(
        by_user(
            f"post at {level}",
            f"SET TRANSACTION ISOLATION LEVEL {level};" + GIFT,
            "READ COMMITTED",
        )
        for level in ("REPEATABLE READ", "SERIALIZABLE")
    ),
    *(
        by_service(
            f"move {points} points",
            posting("adjustment") + transfer(row("adjustment", points=points)),
            refused,
        )
        for points, refused in (
            ("0", "transfer_points_positive"),
            ("-1", "transfer_points_positive"),
            ("NULL", "points"),
            ("9223372036854775807", "transfer_points_at_most"),
            ("9223372036854775808", "22003 "),
        )
    ),
    *(
        by_service(
            f"move from {debit} to {credit}",
            posting("adjustment")
            + transfer(row("adjustment", debit=f"'{debit}'", credit=f"'{credit}'")),
            "transfer_flow_is_allowed",
        )
        for debit, credit in (
            ("available", "expired"),
            ("available", "customer_reward"),
            ("program_fund", "search_ad_credit"),
            ("pending", "available"),
            ("program_fund", "pending"),
            ("expired", "available"),
            ("mine", "available"),
        )
    ),
    by_service(
        "post in a kind of its own",
        posting("gift") + transfer(row("gift")),
        "transfer_flow_is_allowed",
    ),
    by_service(
        "take more than a store has",
        posting("adjustment")
        + transfer(
            row("adjustment", points="1000000", debit="'available'", credit="'program_fund'")
        ),
        "balance_not_overdrawn",
    ),
    by_service(
        "take from a store without an account",
        posting("adjustment")
        + transfer(row("adjustment", "c", debit="'available'", credit="'program_fund'")),
        "balance_not_overdrawn",
    ),
    by_service(
        "exceed the budget",
        posting("adjustment") + transfer(row("adjustment", points="1450000")),
        "posting_stays_within_the_budget",
    ),
)
