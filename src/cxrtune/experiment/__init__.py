"""The experiment as stages that read and write files; one module per stage."""
