-- A closing reads all awards. They are few: stores use points far more often than they earn them.
CREATE INDEX transfer_of_award ON transfer (posting_no) WHERE kind = 'award';

-- So are the postings of months, which have an index of their own.
CREATE OR REPLACE VIEW award AS
  SELECT given.entry_no, given.posting_no, posting.settlement_month, posting.evaluation_id,
         given.seller_id, given.tier, given.points, given.award_no,
         CASE finished.kind WHEN 'payout' THEN 'paid' WHEN 'reversal' THEN 'reversed'
                            ELSE 'pending' END AS state
  FROM transfer given
  JOIN posting USING (posting_no)
  LEFT JOIN transfer finished ON finished.finishes = given.entry_no
  WHERE given.kind = 'award' AND posting.settlement_month IS NOT NULL;
