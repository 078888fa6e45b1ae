"""Reading a delivery: find its files, open them, scan them once, quarantine refused rows.

Bottom up: the layout of a file (`file_layout`, `text_files`, `spreadsheets`), the files of a month
or a day (`file_names`, `delivery`, `manifest`, `object_store`), loading rows into the engine
(`reading_sql`, `simple_texts`, `line_parts`, `delivered_rows`), the queries (`questions`), what any
scan does (`scanning`, `scanned`), and the scans of a month and of a reward day (`scan`,
`reward_day`). Checking the results is up to `expectations`.
"""
