"""The pages of `/account`."""
