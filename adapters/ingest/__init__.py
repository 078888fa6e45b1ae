"""Reading a delivery: find its files, open them, scan them once, quarantine refused rows.

Bottom up: the layout of a file (`file_layout`, `text_files`, `spreadsheets`), the files of a month
(`delivery`, `manifest`, `object_store`), loading rows into the engine (`reading_sql`,
`simple_texts`, `line_parts`, `delivered_rows`), the queries (`questions`), and the scan that runs
them (`scan`). Checking the results is up to `expectations`.
"""
