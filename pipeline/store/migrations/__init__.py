"""Versions of the schema, run by :meth:`pipeline.store.database.FlagDatabase.migrate`."""
