"""Reading line lists: from the bytes of a file to entries of the register, without database and clock.

`reading` opens the file, `columns` finds the header and says what each column means, `cells` reads one
cell, `rows` turns a row into a `Registration` or says which cell is wrong, `report` writes the files that
are given out. Nothing is guessed: what can be read in two ways is handed back.
"""
