"""Approvals: that somebody agrees to a month's payout is a run of the month, like all others.

It names the evaluation that was agreed to and the points that it pays, so that a restatement makes
it void. As every run it is appended only, and sealed.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_KNOWN = """
ALTER TABLE growth_points.run DROP CONSTRAINT run_action_known;
ALTER TABLE growth_points.run ADD CONSTRAINT run_action_known CHECK (action IN (
  'ingest', 'close', 'evaluate again', 'approve', 'pay out', 'grant', 'reschedule'));
ALTER TABLE growth_points.run ADD CONSTRAINT run_approves_an_evaluation CHECK (
  action <> 'approve' OR (evaluation_id IS NOT NULL
    AND jsonb_typeof(difference -> 'points') IS NOT DISTINCT FROM 'number'));
"""


def upgrade() -> None:
    """Let a payout be approved."""
    op.execute(_KNOWN)


def downgrade() -> None:
    """Refuse: it would take what was recorded."""
    raise RuntimeError("growth-points keeps what it recorded; restore a backup instead")
