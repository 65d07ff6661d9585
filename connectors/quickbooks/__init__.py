"""QuickBooks Online: reads receivables by pages and change data capture, writes back minimal sparse bodies."""
