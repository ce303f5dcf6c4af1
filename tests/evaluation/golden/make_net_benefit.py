"""Writes net_benefit.json: decision curves by dcurves (Python, 1.1.7), for test_net_benefit.py.

python tests/evaluation/golden/make_net_benefit.py    (needs: pip install dcurves)
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from dcurves import dca

random = np.random.default_rng(20261129)
logits = random.normal(-1.5, 1.4, 240)
probabilities = (1 / (1 + np.exp(-logits))).round(5)
truth = random.random(240) < probabilities
# Between two hundredths, so that it does not matter how one of them is rounded.
probabilities = np.where(np.isclose(probabilities * 100 % 1, 0), probabilities + 1e-5, probabilities)
frame = pd.DataFrame({"truth": truth.astype(int), "model": probabilities})
found = dca(data=frame, outcome="truth", modelnames=["model"], thresholds=np.arange(1, 61) / 100)
curves = {
    name: found.loc[found["model"] == name, "net_benefit"].tolist() for name in ("model", "all", "none")
}
out = {"truth": truth.astype(int).tolist(), "probabilities": probabilities.tolist(), **curves}
Path(__file__).with_name("net_benefit.json").write_text(json.dumps(out) + "\n")
