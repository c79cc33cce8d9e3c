"""What parts of the model are worth: one is changed, all else stays."""
