# Writes proc.json: AUROCs, DeLong's covariance, intervals and p-value by R's pROC, for test_statistics.py.
#   Rscript tests/evaluation/golden/make_proc.R    (Debian: r-cran-proc, r-cran-jsonlite)
library(pROC)
library(jsonlite)
set.seed(20261123)

one <- function(name, n, share, gain, digits) {
  truth <- rbinom(n, 1, share)
  common <- rnorm(n)
  scores <- sapply(gain, function(g) round(plogis(g * truth + 0.5 * common + rnorm(n)), digits))
  rocs <- lapply(1:2, function(m) roc(truth, scores[, m], levels = c(0, 1), direction = "<", quiet = TRUE))
  list(
    name = name, truth = truth, scores = scores,
    aurocs = sapply(rocs, function(r) as.numeric(auc(r))),
    covariance = matrix(c(var(rocs[[1]]), cov(rocs[[1]], rocs[[2]]), cov(rocs[[1]], rocs[[2]]), var(rocs[[2]])), 2),
    intervals = lapply(rocs, function(r) as.numeric(ci.auc(r, method = "delong"))[c(1, 3)]),
    p_value = as.numeric(roc.test(rocs[[1]], rocs[[2]], method = "delong", paired = TRUE)$p.value)
  )
}

cases <- list(
  one("common finding", 200, 0.4, c(1, 0.6), 6),
  one("rare finding", 300, 0.04, c(1.5, 1.2), 6),
  one("many ties", 250, 0.3, c(0.8, 0.9), 1),
  one("nearly perfect", 120, 0.5, c(5, 4), 4)
)
write_json(cases, "tests/evaluation/golden/proc.json", digits = NA, auto_unbox = TRUE)
