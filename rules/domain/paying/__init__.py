"""How customers pay: their habits and class, what they promised, and plans that they keep or break."""
