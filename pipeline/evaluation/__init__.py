"""How good scores are, beside what a sceptic would bring."""
