"""Bytes of an article in any supported format become one ``Article`` of ``Block``s.

Public: ``read_article`` and the types of ``model``. Pure: no file is opened here, pictures beside
the article come through a loader that the caller hands in.
"""
