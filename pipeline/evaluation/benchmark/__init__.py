"""The public cold-start benchmark: fixed tasks as plain Parquet, a scorer and a leaderboard."""
