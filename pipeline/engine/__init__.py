"""What makes mail go out: the dispatcher, and what calls it."""
