"""How to find data from a printed table: what is printed, what data imply, and the search between the two."""
