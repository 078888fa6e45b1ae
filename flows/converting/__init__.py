"""Converting points to search-ad credit: link an account, hold, deliver, confirm."""
