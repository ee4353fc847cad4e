"""What the deployment says of itself: its metadata, from one source for both well-known paths, and its keys."""
