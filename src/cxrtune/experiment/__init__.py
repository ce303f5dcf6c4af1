"""The experiment as stages that read files and write files; one module a stage."""
