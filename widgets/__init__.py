"""The notebook widget. Still empty: the comparison itself comes first."""
