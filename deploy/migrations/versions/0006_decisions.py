"""Decisions without an index over the awarded ones.

It was read once per closing and cost every closing more: of 600,000 decisions, four in a hundred
are awards, and the primary key finds all of an evaluation's decisions in a tenth of a second.
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX growth_points.decision_awarded")


def downgrade() -> None:
    """Make it again."""
    op.execute(
        "CREATE INDEX decision_awarded ON growth_points.decision (evaluation_id) "
        "WHERE outcome = 'awarded'"
    )
