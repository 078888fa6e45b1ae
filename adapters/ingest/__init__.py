"""A delivery on its way from files to totals: found, opened, read once, its refused rows kept.

From the ground up: what one file is (`file_layout`, `text_files`, `spreadsheets`), what a month
delivers (`delivery`, `manifest`, `object_store`), how its rows reach an engine (`reading_sql`,
`simple_texts`, `line_parts`, `delivered_rows`), what they are asked (`questions`), and the whole of
it (`scan`). Nothing in here judges: that is for `expectations`.
"""
