"""The sample clinic, and a mail API of this machine for it, for tests and for measuring."""
