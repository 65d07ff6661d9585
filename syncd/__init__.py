"""When, whether and how surely: the daemon around the rules and the connectors."""
