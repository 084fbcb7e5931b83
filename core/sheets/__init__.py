"""Spreadsheets: one gate, one reader, one writer."""
