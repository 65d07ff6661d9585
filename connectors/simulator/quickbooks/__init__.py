"""A simulated QuickBooks Online company, written from Intuit's facts and from nothing of the connector beside it.

It refuses what QuickBooks refuses, counts what QuickBooks counts, and keeps its own ledger in integer cents. It never
contacts anybody and keeps nothing on disk.
"""

from connectors.simulator.quickbooks.company import QuickBooksCompany

__all__ = ["QuickBooksCompany"]
