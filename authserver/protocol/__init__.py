"""What the specifications say: vocabulary and pure rules.

Imports nothing of ours, does no input or output and reads no clock; everything else stands on it.
"""
