"""What an author needs for a paper: two checklists, the methods with their references, a flow figure."""
