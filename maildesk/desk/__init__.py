"""The procedure: pure decisions on the standard library only; ``now`` is always an argument."""
