"""The words that deliveries held and no column knows, as far as the program has seen any."""

from sqlalchemy import Connection, text

_WORDS = text("""
    SELECT DISTINCT word ->> 'column' AS column, word ->> 'word' AS word
    FROM growth_points.revision, jsonb_array_elements(profile -> 'unknown_words') AS word
""")


def words_seen(connection: Connection) -> frozenset[tuple[str, str]]:
    """List the unknown words of all accepted deliveries, each with its column.

    A word that one of them held is no news, whichever month it was and whether it is current.
    """
    return frozenset((row.column, row.word) for row in connection.execute(_WORDS))
