"""Notices become finished mail."""
