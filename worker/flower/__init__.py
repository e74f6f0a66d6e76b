"""Flower, started as it has to be here: read-only, behind a password, and closed about arguments.

What Flower itself leaves open is closed in one process and by its own means, so that whoever starts the Procfile's
`flower` gets all of it: access.py says who may look, doors.py what they see.
"""
