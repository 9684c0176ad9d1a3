"""The commands: each module parses, calls one use case, prints, and sets the exit code."""
