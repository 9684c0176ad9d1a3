"""Series to edition to message: templates, inlining, slots, plain text, MIME, checks.

Inline once, personalise many: premailer runs once per part and edition, never per recipient.
"""
