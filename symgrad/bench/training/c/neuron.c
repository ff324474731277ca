/* A 1-1-1 network of sigmoids with a squared error, one sample in each step. */
#include <math.h>
#include <stdint.h>
#include "exponential.h"

/* Where losses isn't NULL it gets (epochs,) the mean of the loss over all samples after each epoch, and points
   (epochs, 4) the parameters. The loss of many samples is vector code; a step waits for the one before it. */
void train(int64_t epochs, int64_t n, const double *restrict x, const double *restrict y, double rate,
           double *restrict theta, double *restrict losses, double *restrict points) {
  double w1 = theta[0], b1 = theta[1], w2 = theta[2], b2 = theta[3];
  for (int64_t t = 0; t < epochs; t++) {
    for (int64_t i = 0; i < n; i++) {
      double a1 = 1 / (1 + exp(-(w1 * x[i] + b1))), a2 = 1 / (1 + exp(-(w2 * a1 + b2)));
      double d2 = 2 * rate * (a2 - y[i]) * (a2 * (1 - a2)), d1 = d2 * (w2 * (a1 * (1 - a1)));
      w2 -= d2 * a1;
      b2 -= d2;
      w1 -= d1 * x[i];
      b1 -= d1;
    }
    if (!losses) continue;
    double loss = 0;
#pragma omp simd reduction(+ : loss)
    for (int64_t i = 0; i < n; i++) {
      double a1 = 1 / (1 + exponential(-(w1 * x[i] + b1))), a2 = 1 / (1 + exponential(-(w2 * a1 + b2)));
      loss += (a2 - y[i]) * (a2 - y[i]);
    }
    losses[t] = loss / n;
    points[4 * t] = w1, points[4 * t + 1] = b1, points[4 * t + 2] = w2, points[4 * t + 3] = b2;
  }
  theta[0] = w1, theta[1] = b1, theta[2] = w2, theta[3] = b2;
}
