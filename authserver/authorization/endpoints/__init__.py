"""The endpoints of asking: pushed requests, and the browser's way from the first visit to the answer."""
