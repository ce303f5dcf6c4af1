"""The references of the methods, and how sentences cite them.

A sentence cites by `[@key]`. In the methods a key becomes a number, in the order of the first citation; in a
checklist it becomes the authors and the year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CITED = re.compile(r" ?\[(@[a-z0-9]+(?:; @[a-z0-9]+)*)\]")


@dataclass(frozen=True)
class Reference:
    """One reference: `short` as a text names it, `full` as a list has it; `doi` may be empty."""

    short: str
    full: str
    doi: str = ""

    @property
    def line(self) -> str:
        """The reference as it stands in the list."""
        return f"{self.full} doi:{self.doi}" if self.doi else self.full


def named(text: str) -> str:
    """Replace each citation by authors and year: ` (Wang et al. 2017)`."""
    return _CITED.sub(lambda found: f" ({'; '.join(REFERENCES[key].short for key in _keys(found))})", text)


class Numbering:
    """Numbers references in the order in which texts cite them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbered(self, text: str) -> str:
        """Replace each citation by its numbers: ` [1, 2]`."""
        return _CITED.sub(lambda found: f" [{', '.join(map(str, self._of(_keys(found))))}]", text)

    @property
    def references(self) -> tuple[Reference, ...]:
        """What was cited, by number."""
        return tuple(REFERENCES[key] for key in self._numbers)

    def _of(self, keys: list[str]) -> list[int]:
        return [self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys]


def _keys(found: re.Match[str]) -> list[str]:
    return [key.removeprefix("@") for key in found.group(1).split("; ")]


REFERENCES: dict[str, Reference] = {
    "wang2017": Reference(
        "Wang et al. 2017",
        "Wang X, Peng Y, Lu L, et al. ChestX-ray8: hospital-scale chest X-ray database and benchmarks on "
        "weakly supervised classification and localization of common thorax diseases. CVPR 2017:3462-3471.",
        "10.1109/CVPR.2017.369",
    ),
    "huang2017": Reference(
        "Huang et al. 2017",
        "Huang G, Liu Z, van der Maaten L, Weinberger KQ. Densely connected convolutional networks. CVPR "
        "2017:2261-2269.",
        "10.1109/CVPR.2017.243",
    ),
    "deng2009": Reference(
        "Deng et al. 2009",
        "Deng J, Dong W, Socher R, et al. ImageNet: a large-scale hierarchical image database. CVPR "
        "2009:248-255.",
        "10.1109/CVPR.2009.5206848",
    ),
    "pinheiro2015": Reference(
        "Pinheiro and Collobert 2015",
        "Pinheiro PO, Collobert R. From image-level to pixel-level labeling with convolutional networks. "
        "CVPR 2015:1713-1721.",
        "10.1109/CVPR.2015.7298780",
    ),
    "kingma2015": Reference(
        "Kingma and Ba 2015",
        "Kingma DP, Ba J. Adam: a method for stochastic optimization. ICLR 2015.",
        "10.48550/arXiv.1412.6980",
    ),
    "cohen2022": Reference(
        "Cohen et al. 2022",
        "Cohen JP, Viviano JD, Bertin P, et al. TorchXRayVision: a library of chest X-ray datasets and "
        "models. MIDL 2022.",
        "10.48550/arXiv.2111.00595",
    ),
    "youden1950": Reference(
        "Youden 1950",
        "Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35.",
        "10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3",
    ),
    "platt1999": Reference(
        "Platt 1999",
        "Platt JC. Probabilistic outputs for support vector machines and comparisons to regularized "
        "likelihood methods. In: Advances in Large Margin Classifiers. MIT Press, 1999:61-74.",
    ),
    "guo2017": Reference(
        "Guo et al. 2017",
        "Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks. ICML 2017;PMLR "
        "70:1321-1330.",
        "10.48550/arXiv.1706.04599",
    ),
    "zadrozny2002": Reference(
        "Zadrozny and Elkan 2002",
        "Zadrozny B, Elkan C. Transforming classifier scores into accurate multiclass probability estimates. "
        "KDD 2002:694-699.",
        "10.1145/775047.775151",
    ),
    "saerens2002": Reference(
        "Saerens et al. 2002",
        "Saerens M, Latinne P, Decaestecker C. Adjusting the outputs of a classifier to new a priori "
        "probabilities. Neural Computation 2002;14:21-41.",
        "10.1162/089976602753284446",
    ),
    "hanley1982": Reference(
        "Hanley and McNeil 1982",
        "Hanley JA, McNeil BJ. The meaning and use of the area under a receiver operating characteristic "
        "(ROC) curve. Radiology 1982;143:29-36.",
        "10.1148/radiology.143.1.7063747",
    ),
    "manning2008": Reference(
        "Manning et al. 2008",
        "Manning CD, Raghavan P, Schütze H. Introduction to Information Retrieval. Cambridge University "
        "Press, 2008.",
        "10.1017/CBO9780511809071",
    ),
    "newcombe2006": Reference(
        "Newcombe 2006",
        "Newcombe RG. Confidence intervals for an effect size measure based on the Mann-Whitney statistic. "
        "Part 2: asymptotic methods and evaluation. Statistics in Medicine 2006;25:559-573.",
        "10.1002/sim.2324",
    ),
    "obuchowski1997": Reference(
        "Obuchowski 1997",
        "Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics 1997;53:567-578.",
        "10.2307/2533958",
    ),
    "korn1998": Reference(
        "Korn and Graubard 1998",
        "Korn EL, Graubard BI. Confidence intervals for proportions with small expected number of positive "
        "counts estimated from survey data. Survey Methodology 1998;24:193-201.",
    ),
    "berry1995": Reference(
        "Berry and Armitage 1995",
        "Berry G, Armitage P. Mid-P confidence intervals: a brief review. The Statistician 1995;44:417-423.",
    ),
    "efron1979": Reference(
        "Efron 1979",
        "Efron B. Bootstrap methods: another look at the jackknife. Annals of Statistics 1979;7:1-26.",
        "10.1214/aos/1176344552",
    ),
    "field2007": Reference(
        "Field and Welsh 2007",
        "Field CA, Welsh AH. Bootstrapping clustered data. Journal of the Royal Statistical Society B "
        "2007;69:369-390.",
        "10.1111/j.1467-9868.2007.00593.x",
    ),
    "zou2009": Reference(
        "Zou et al. 2009",
        "Zou GY, Huang W, Zhang X. A note on confidence interval estimation for a linear function of "
        "binomial proportions. Computational Statistics and Data Analysis 2009;53:1080-1085.",
    ),
    "venkatraman1996": Reference(
        "Venkatraman and Begg 1996",
        "Venkatraman ES, Begg CB. A distribution-free procedure for comparing receiver operating "
        "characteristic curves from a paired experiment. Biometrika 1996;83:835-848.",
        "10.1093/biomet/83.4.835",
    ),
    "holm1979": Reference(
        "Holm 1979",
        "Holm S. A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics "
        "1979;6:65-70.",
    ),
    "delong1988": Reference(
        "DeLong et al. 1988",
        "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated receiver "
        "operating characteristic curves: a nonparametric approach. Biometrics 1988;44:837-845.",
        "10.2307/2531595",
    ),
    "brier1950": Reference(
        "Brier 1950",
        "Brier GW. Verification of forecasts expressed in terms of probability. Monthly Weather Review "
        "1950;78:1-3.",
        "10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    ),
    "nixon2019": Reference(
        "Nixon et al. 2019",
        "Nixon J, Dusenberry MW, Zhang L, Jerfel G, Tran D. Measuring calibration in deep learning. CVPR "
        "Workshops 2019.",
        "10.48550/arXiv.1904.01685",
    ),
    "zhang2018": Reference(
        "Zhang et al. 2018",
        "Zhang J, Bargal SA, Lin Z, et al. Top-down neural attention by excitation backprop. International "
        "Journal of Computer Vision 2018;126:1084-1102.",
        "10.1007/s11263-017-1059-x",
    ),
    "majkowska2020": Reference(
        "Majkowska et al. 2020",
        "Majkowska A, Mittal S, Steiner DF, et al. Chest radiograph interpretation with deep learning "
        "models: assessment with radiologist-adjudicated reference standards and population-adjusted "
        "evaluation. Radiology 2020;294:421-431.",
        "10.1148/radiol.2019191293",
    ),
    "tejani2024": Reference(
        "Tejani et al. 2024",
        "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical Imaging "
        "(CLAIM): 2024 update. Radiology: Artificial Intelligence 2024;6:e240300.",
        "10.1148/ryai.240300",
    ),
    "collins2024": Reference(
        "Collins et al. 2024",
        "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting "
        "clinical prediction models that use regression or machine learning methods. BMJ 2024;385:e078378.",
        "10.1136/bmj-2023-078378",
    ),
}
