"""Texts in the languages of those who read them: catalogs of gettext, one for each language.

A text is written in English where it is used, as a `Sentence` or a `Word` of the domain; the other
languages are in `*.po` beside this module. These are read as they are: nothing is compiled. What
programs read (CSV, JSON, logs, events) is English and stays as it is.
"""
