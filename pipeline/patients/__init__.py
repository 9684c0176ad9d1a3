"""Roster files, consent, eligibility and addresses. Pure: bytes in, values out."""
