"""Tests: a mirror of the package in `unit`, and whole runs beside it."""
