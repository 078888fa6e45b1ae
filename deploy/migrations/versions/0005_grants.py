"""Grants: an adjustment that stands for an award gives its tier, and a tier is given once.

Its key names the award, `grant/MONTH/TIER/SELLER`. No award follows a grant of its tier, no grant
an award that stands, and no grant another, whatever a program does (rules 11 and 16). A grant takes
its turn among closings and payouts, or it would not see the award that one of them is posting.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

_GIVEN_ONCE = """
CREATE FUNCTION growth_points.transfer_gives_a_tier_once() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off AS $$
DECLARE
  granting text;
  twice boolean := false;
BEGIN
  SELECT key INTO granting FROM growth_points.posting
    WHERE posting_no = (SELECT min(posting_no) FROM added WHERE kind = 'adjustment')
      AND key >= 'grant/' AND key < 'grant0';
  IF granting IS NOT NULL THEN
    twice := EXISTS (
      SELECT FROM added
      WHERE substr(granting, 15) <> concat(split_part(granting, '/', 3), '/', seller_id)
    ) OR EXISTS (
      SELECT FROM added JOIN growth_points.award USING (seller_id)
      WHERE state <> 'reversed' AND award.tier::text = split_part(granting, '/', 3)
    ) OR EXISTS (
      SELECT FROM growth_points.posting other
      WHERE other.key >= 'grant/' AND other.key < 'grant0' AND other.key <> granting
        AND substr(other.key, 15) = substr(granting, 15)
    );
  ELSIF (SELECT min(kind) FROM added) = 'award' THEN
    twice := EXISTS (
      SELECT FROM added JOIN growth_points.posting given
        ON given.key >= 'grant/' AND given.key < 'grant0'
        AND substr(given.key, 15) = concat(added.tier, '/', added.seller_id)
    );
  END IF;
  IF twice THEN
    RAISE EXCEPTION 'a tier is given to a seller once, by an award or by a grant that names it'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_gives_a_tier_once';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER gives_a_tier_once AFTER INSERT ON growth_points.transfer
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION growth_points.transfer_gives_a_tier_once();
ALTER TABLE growth_points.transfer ENABLE ALWAYS TRIGGER gives_a_tier_once;

CREATE TRIGGER takes_turn_to_grant BEFORE INSERT ON growth_points.posting
  FOR EACH ROW WHEN (NEW.key >= 'grant/' AND NEW.key < 'grant0')
  EXECUTE FUNCTION growth_points.take_turn();
ALTER TABLE growth_points.posting ENABLE ALWAYS TRIGGER takes_turn_to_grant;
"""


def upgrade() -> None:
    """Let no tier be given twice, by awards and grants together."""
    op.execute(_GIVEN_ONCE)


def downgrade() -> None:
    """Refuse: a tier could be given twice."""
    raise RuntimeError("growth-points keeps its guards; restore a backup instead")
