"""The ledger's rules, pure: states, outcomes, retry, and "may this go now?"."""
