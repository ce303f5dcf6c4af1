"""Material for a paper: two checklists, the methods with their references, and a flow figure."""
