"""Showing a store what it has, what comes, and why: reads only, for pages and interfaces."""
