"""Bytes of strangers become facts: pure, never raises, never slow, knows no store."""
