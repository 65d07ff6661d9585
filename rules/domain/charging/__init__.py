"""What being late costs: from settings and terms over the days of a debt to a charge, in words and as a document."""
