"""What the command line shows and answers: tables, progress, explanations, the demo.

Belongs here: rows and words for people and for programs.
Does not: anything that changes what is recorded.
"""
