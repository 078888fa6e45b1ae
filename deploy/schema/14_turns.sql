-- What is decided, planned, approved or expired rests on what others recorded: it takes its turn, and
-- sees all of it.
CREATE TRIGGER takes_turn BEFORE INSERT ON evaluation
  FOR EACH ROW EXECUTE FUNCTION take_turn();
CREATE TRIGGER takes_turn BEFORE INSERT ON expiry
  FOR EACH STATEMENT EXECUTE FUNCTION take_turn();

CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON revision
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON evaluation
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON payout_date
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON approval
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
CREATE TRIGGER sees_what_others_posted BEFORE INSERT ON budget
  FOR EACH ROW WHEN (current_setting('transaction_isolation') <> 'read committed')
  EXECUTE FUNCTION refuse_old_snapshot();
