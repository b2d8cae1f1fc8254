"""How fast the product is, measured beside the least that a database must do for the same rows."""
