-- A closing reads all awards. They are few: stores use points far more often than they earn them.
CREATE INDEX transfer_of_award ON transfer (posting_no) WHERE kind = 'award';
