"""One attempt to hand a finished mail on, and what became of it."""
