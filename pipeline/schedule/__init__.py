"""PT start date to a dated plan: windows, zones, holidays, late rules. Pure; time is an argument."""
