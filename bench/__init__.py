"""How fast it is, on generated books: `make bench`. Numbers are printed, nothing is judged."""
