"""One module for each step's page, as a factory of a Flask blueprint; the composition root mounts them."""
