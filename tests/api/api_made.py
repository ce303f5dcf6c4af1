"""How the run of these tests is trained."""

QUICK = {
    "recipe": "quick",
    "weights": "random",
    "baselines": ["linear-probe"],
    "preprocess": {"size": 64},
    "head": {"pooling": "average"},
    "training": {"epochs": 2},
}
