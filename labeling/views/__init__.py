"""Pages of this floor: thin doors that parse, call one service, and answer."""
