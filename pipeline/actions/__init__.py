"""Use cases that command line, web and engine share, one module each. Each writes its audit rows."""
