"""The database: SQLAlchemy Core, SQL visible; the only place that knows tables."""
