"""DAGs to schedule as they are. Still empty: the comparison itself comes first."""
