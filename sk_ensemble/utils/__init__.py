"""Helpers without domain knowledge of their own."""
