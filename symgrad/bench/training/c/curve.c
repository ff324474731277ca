/* A network of two inputs, one hidden layer of tanh and a linear output, with a mean squared error, all points in
   each step. The loops run along the points: each is vector code, and all activations fit the nearest cache. */
#include <math.h>
#include <stdint.h>
#include "exponential.h"

#ifdef LIBRARY_TANH /* the C library's, in vectors where it has them (libmvec) */
#define TANH tanh
#else /* to a rounding of 1, which is as much as the sums of them keep */
#define TANH(z) (1 - 2 / (exponential(2 * (z)) + 1))
#endif

/* x is (2, n), theta is W1 (2, hidden), b1 (hidden), W2 (hidden), b2; work has (hidden + 1) n numbers.
   Where losses isn't NULL it gets (epochs,) the cost before each step, and points theta after it. */
void train(int64_t epochs, int64_t n, int64_t hidden, const double *restrict x, const double *restrict y, double rate,
           double *restrict theta, double *restrict work, double *restrict losses, double *restrict points) {
  double *u = theta, *v = u + hidden, *b1 = v + hidden, *w2 = b1 + hidden, *b2 = w2 + hidden;
  double *restrict d = work, *restrict activations = work + n, c = 2 * rate / n;
  const double *restrict x0 = x, *restrict x1 = x + n;
  int64_t total = 4 * hidden + 1;
  for (int64_t t = 0; t < epochs; t++) {
    for (int64_t i = 0; i < n; i++) d[i] = *b2 - y[i];
    for (int64_t h = 0; h < hidden; h++) {
      double *restrict a = activations + h * n, uh = u[h], vh = v[h], b = b1[h], w = w2[h];
#pragma omp simd
      for (int64_t i = 0; i < n; i++) {
        double s = TANH(uh * x0[i] + (vh * x1[i] + b));
        a[i] = s;
        d[i] += w * s;
      }
    }
    double sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum, squares)
    for (int64_t i = 0; i < n; i++) sum += d[i], squares += d[i] * d[i];
    *b2 -= c * sum;
    if (losses) losses[t] = squares / n;
    for (int64_t h = 0; h < hidden; h++) {
      const double *restrict a = activations + h * n;
      double gw = 0, gb = 0, gu = 0, gv = 0, q = c * w2[h];
#pragma omp simd reduction(+ : gw, gb, gu, gv)
      for (int64_t i = 0; i < n; i++) {
        double da = d[i] * a[i], e = d[i] - da * a[i];
        gw += da;
        gb += e;
        gu += e * x0[i];
        gv += e * x1[i];
      }
      w2[h] -= c * gw;
      b1[h] -= q * gb;
      u[h] -= q * gu;
      v[h] -= q * gv;
    }
    if (losses)
      for (int64_t j = 0; j < total; j++) points[t * total + j] = theta[j];
  }
}
