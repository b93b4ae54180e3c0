"""The ontology and the standard system as the rest of the code asks for them, and what follows from them."""
