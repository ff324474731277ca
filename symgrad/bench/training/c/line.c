/* Linear regression on all points in each step: w and b, by the gradient of mean((w x + b - y)^2). */
#include <stdint.h>

/* The sums over the points are the same in each step, and with them the factors by which w and b go into the next:
   taken out of the loop, a step is four multiply-adds, of which the slowest chain has two.
   Where losses isn't NULL it gets (epochs,) the cost before each step, and points (epochs, 2) w and b after it. */
void hoisted(int64_t epochs, int64_t n, const double *x, const double *y, double rate, double *theta,
             double *losses, double *points) {
  double sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
  for (int64_t i = 0; i < n; i++) {
    sx += x[i] / n, sy += y[i] / n, sxx += x[i] * x[i] / n, sxy += x[i] * y[i] / n, syy += y[i] * y[i] / n;
  }
  double c = 2 * rate, csx = c * sx, csy = c * sy, csxy = c * sxy, keep_w = 1 - c * sxx, keep_b = 1 - c;
  double w = theta[0], b = theta[1];
  for (int64_t t = 0; t < epochs; t++) {
    if (losses) losses[t] = w * (w * sxx + 2 * (b * sx - sxy)) + b * (b - 2 * sy) + syy;
    double next = w * keep_w + (csxy - b * csx);
    b = b * keep_b + (csy - w * csx);
    w = next;
    if (losses) points[2 * t] = w, points[2 * t + 1] = b;
  }
  theta[0] = w;
  theta[1] = b;
}

/* The same as a loop over the points in each step. */
void looped(int64_t epochs, int64_t n, const double *restrict x, const double *restrict y, double rate,
            double *restrict theta) {
  double w = theta[0], b = theta[1], c = 2 * rate / n;
  for (int64_t t = 0; t < epochs; t++) {
    double gw = 0, gb = 0;
#pragma omp simd reduction(+ : gw, gb)
    for (int64_t i = 0; i < n; i++) {
      double residual = w * x[i] + (b - y[i]);
      gw += residual * x[i];
      gb += residual;
    }
    w -= c * gw;
    b -= c * gb;
  }
  theta[0] = w;
  theta[1] = b;
}
