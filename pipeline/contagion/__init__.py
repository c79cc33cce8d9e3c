"""Contagion: the live graph of payments, the spread of flags in it, and systemic models."""
