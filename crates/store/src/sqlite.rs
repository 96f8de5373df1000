//! The embedded default, on SQLite.
