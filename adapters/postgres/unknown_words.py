"""The unknown words of all accepted deliveries."""

from sqlalchemy import Connection, text

_WORDS = text("""
    SELECT DISTINCT word ->> 'column' AS column, word ->> 'word' AS word
    FROM growth_points.revision, jsonb_array_elements(profile -> 'unknown_words') AS word
""")


def words_seen(connection: Connection) -> frozenset[tuple[str, str]]:
    """Return the unknown words of all revisions, current or not, each with its column."""
    return frozenset((row.column, row.word) for row in connection.execute(_WORDS))
