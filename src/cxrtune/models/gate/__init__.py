"""The quality gate's arithmetic: how far a picture is from those that the model learned from."""
