"""Writes the parts of the documentation that the code already says.

A page marks such a part with `<!-- generated: NAME -->` and `<!-- end -->`;
`python tools/reference` fills them all in, and tests/docs fails when one is stale. Pages are
committed filled in, so that they can be read without building anything.
"""
