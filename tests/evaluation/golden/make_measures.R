# Writes measures.json: calibration slopes, likelihood ratios, points of ROC curves and partial areas by R, for
# test_calibration_slope.py, test_likelihood_ratios.py and test_curve_values.py.
#   Rscript tests/evaluation/golden/make_measures.R
#   (Debian: r-cran-rms, r-cran-clubsandwich, r-cran-epir, r-cran-proc, r-cran-jsonlite)
suppressMessages({library(rms); library(clubSandwich); library(epiR); library(pROC); library(jsonlite)})
set.seed(20261129)

calibration <- function(name, patients, mean, slope) {
  images <- pmin(rgeom(patients, 1 / 3) + 1, 12)
  patient <- rep(seq_len(patients) - 1, images)
  logits <- mean + rnorm(patients)[patient + 1] + rnorm(length(patient))
  truth <- rbinom(length(patient), 1, plogis(0.3 + slope * logits + 0.8 * rnorm(patients)[patient + 1]))
  p <- round(plogis(logits), 6)
  z <- qlogis(p)
  large <- glm(truth ~ 1, offset = z, family = binomial, control = list(epsilon = 1e-14))
  both <- glm(truth ~ z, family = binomial, control = list(epsilon = 1e-14))
  harrell <- val.prob(p, truth, pl = FALSE)
  list(
    name = name, truth = truth, probabilities = p, patients = patient,
    intercept = unname(coef(large)), slope_intercept = unname(coef(both)[1]), slope = unname(coef(both)[2]),
    val_prob = list(intercept = unname(harrell["Intercept"]), slope = unname(harrell["Slope"]), brier = unname(harrell["Brier"])),
    cr3_large = matrix(vcovCR(large, cluster = patient, type = "CR3"), 1),
    cr3_both = matrix(vcovCR(both, cluster = patient, type = "CR3"), 2)
  )
}

ratios <- function(tp, fp, fn, tn) {
  found <- epi.tests(c(tp, fp, fn, tn), method = "wilson", digits = 4, conf.level = 0.95)$detail
  pick <- function(which) as.list(setNames(unlist(found[found$statistic == which, c("est", "lower", "upper")]), c("est", "lower", "upper")))
  list(tp = tp, fp = fp, fn = fn, tn = tn, lr_positive = pick("lr.pos"), lr_negative = pick("lr.neg"), ppv = pick("pv.pos"), npv = pick("pv.neg"))
}

points <- function(name, n, share, gain, digits) {
  truth <- rbinom(n, 1, share)
  scores <- round(plogis(gain * truth + rnorm(n)), digits)
  curve <- roc(truth, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
  at <- c(0.8, 0.9, 0.95)
  area <- function(focus) as.numeric(auc(curve, partial.auc = c(1, 0.9), partial.auc.focus = focus, partial.auc.correct = TRUE, allow.invalid.partial.auc.correct = TRUE))
  list(
    name = name, truth = truth, scores = scores,
    sensitivity_at = sapply(at, function(x) as.numeric(coords(curve, x, input = "specificity", ret = "sensitivity")[1, 1])),
    specificity_at = sapply(at, function(x) as.numeric(coords(curve, x, input = "sensitivity", ret = "specificity")[1, 1])),
    partial_specificity = area("specificity"), partial_sensitivity = area("sensitivity")
  )
}

write_json(
  list(
    calibration = list(
      calibration("several images", 80, -1, 0.7),
      calibration("a rare finding", 150, -3, 1),
      calibration("too moderate", 60, -0.5, 1.6)
    ),
    ratios = list(ratios(90, 40, 10, 360), ratios(700, 350, 100, 3850), ratios(18, 30, 4, 300)),
    points = list(
      points("common", 203, 0.4, 1.2, 6), points("rare", 401, 0.04, 1.5, 6),
      points("many ties", 250, 0.3, 0.9, 1), points("nearly perfect", 120, 0.5, 5, 4)
    )
  ),
  "tests/evaluation/golden/measures.json",
  digits = NA, auto_unbox = TRUE
)
