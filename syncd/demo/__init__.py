"""The demo: a quarter of business in about a minute, on two simulated companies, through the real daemon's pass.

`script` turns receivables into dated events, `stage` sets up companies, mailbox and configuration, `play` lives through
the days, `report` counts what came of it from the simulated books themselves.
"""
