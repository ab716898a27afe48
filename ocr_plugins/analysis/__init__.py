"""What a study says besides its table: fields, confusions, reliability, contests, and what costs too much."""
