"""Refused approvals stand in the history like every other refused run, and approve nothing.

An approval names an evaluation and points; one that was refused may have neither. Whatever was
refused changed nothing.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

_REFUSED = """
ALTER TABLE growth_points.run DROP CONSTRAINT run_approves_an_evaluation;
ALTER TABLE growth_points.run ADD CONSTRAINT run_approves_an_evaluation CHECK (
  action <> 'approve' OR difference ->> 'refused' IS NOT NULL OR (evaluation_id IS NOT NULL
    AND jsonb_typeof(difference -> 'points') IS NOT DISTINCT FROM 'number'));
ALTER TABLE growth_points.run ADD CONSTRAINT run_refused_changed_nothing CHECK (
  difference ->> 'refused' IS NULL OR NOT changed);
"""


def upgrade() -> None:
    """Let a refused approval be recorded."""
    op.execute(_REFUSED)


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
