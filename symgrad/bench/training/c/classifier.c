/* A perceptron of ReLU layers with softmax cross-entropy, in batches, on a BLAS that is given as a function.
   Compile with REAL (float or double) and INT, the BLAS's whole numbers. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "exponential.h"

typedef void Product(int order, int transpose_a, int transpose_b, INT m, INT n, INT k, REAL alpha, const REAL *a,
                     INT lda, const REAL *b, INT ldb, REAL beta, REAL *c, INT ldc);
enum { ROWS = 101, AS_IS = 111, TRANSPOSED = 112 };
enum { GATHER = 1, PRODUCTS = 2, ENTRIES = 4, UPDATE = 8 };

typedef struct {
  Product *product;
  int64_t layers;
  const int64_t *sizes; /* (layers + 1), input first */
  REAL *theta;          /* W1 (sizes[0], sizes[1]), b1 (sizes[1]), W2, ... */
  REAL *work;           /* 2 rows (sum of sizes) numbers: what each layer gives, and its adjoint */
  int64_t rows;         /* the most rows of a call */
  int64_t parts;        /* the parts of a step to carry out: all but when one is timed alone */
} Net;

static REAL *weights(const Net *net, int64_t layer) {
  REAL *at = net->theta;
  for (int64_t k = 0; k < layer; k++) at += (net->sizes[k] + 1) * net->sizes[k + 1];
  return at;
}

static REAL *values(const Net *net, int64_t layer) {
  REAL *at = net->work;
  for (int64_t k = 0; k < layer; k++) at += net->rows * net->sizes[k];
  return at;
}

static REAL *adjoint(const Net *net, int64_t layer) {
  return values(net, layer) + (values(net, net->layers + 1) - net->work);
}

/* The values of each layer for n rows x; the last one's are without the softmax. */
static void forward(const Net *net, int64_t n, const REAL *x) {
  for (int64_t k = 0; k < net->layers; k++) {
    int64_t before = net->sizes[k], after = net->sizes[k + 1];
    REAL *w = weights(net, k), *restrict b = w + before * after, *restrict z = values(net, k + 1);
    const REAL *input = k ? values(net, k) : x;
    if (net->parts & PRODUCTS)
      net->product(ROWS, AS_IS, AS_IS, n, after, before, 1, input, before, w, after, 0, z, after);
    if (!(net->parts & ENTRIES)) continue;
    if (k + 1 == net->layers) {
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < after; j++) z[i * after + j] += b[j];
    } else {
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < after; j++) {
          REAL value = z[i * after + j] + b[j];
          z[i * after + j] = value > 0 ? value : 0;
        }
    }
  }
}

/* From the last layer's values to the adjoint softmax - targets; returns the sum of the rows' cross-entropies. */
static double softmax(const Net *net, int64_t n, const REAL *restrict targets, int measured) {
  int64_t classes = net->sizes[net->layers];
  REAL *restrict u = values(net, net->layers), *restrict d = adjoint(net, net->layers);
  double loss = 0;
  for (int64_t i = 0; i < n; i++) {
    REAL top = u[i * classes];
    for (int64_t j = 1; j < classes; j++) top = u[i * classes + j] > top ? u[i * classes + j] : top;
    for (int64_t j = 0; j < classes; j++) u[i * classes + j] -= top;
  }
#pragma omp simd
  for (int64_t i = 0; i < n * classes; i++) d[i] = (REAL)exponential(u[i]);
  for (int64_t i = 0; i < n; i++) {
    REAL total = 0;
    for (int64_t j = 0; j < classes; j++) total += d[i * classes + j];
    REAL scale = 1 / total;
    if (measured) {
      double dot = 0;
      for (int64_t j = 0; j < classes; j++) dot += targets[i * classes + j] * u[i * classes + j];
      loss += log(total) - dot;
    }
    for (int64_t j = 0; j < classes; j++) d[i * classes + j] = d[i * classes + j] * scale - targets[i * classes + j];
  }
  return loss;
}

/* The adjoints, layer by layer, and the update: a weight's gradient is subtracted by the product that forms it. */
static void backward(const Net *net, int64_t n, const REAL *x, REAL rate) {
  REAL step = -rate / n;
  for (int64_t k = net->layers - 1; k >= 0; k--) {
    int64_t before = net->sizes[k], after = net->sizes[k + 1];
    REAL *w = weights(net, k), *restrict b = w + before * after, *restrict d = adjoint(net, k + 1);
    const REAL *restrict input = k ? values(net, k) : x;
    REAL *restrict e = adjoint(net, k);
    if (net->parts & PRODUCTS) {
      if (k) net->product(ROWS, AS_IS, TRANSPOSED, n, before, after, 1, d, after, w, after, 0, e, before);
      net->product(ROWS, TRANSPOSED, AS_IS, before, after, n, step, input, before, d, after, 1, w, after);
    }
    if (net->parts & UPDATE)
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < after; j++) b[j] += step * d[i * after + j];
    if (k && net->parts & ENTRIES)
      for (int64_t i = 0; i < n * before; i++) e[i] = input[i] > 0 ? e[i] : 0;
  }
}

/* orders is (epochs, samples), or NULL for the order of the data; gathered has batch (inputs + classes) numbers.
   Where losses isn't NULL it gets (epochs,) the cost over all samples after each epoch, and points theta. */
void train(Net *net, int64_t epochs, int64_t samples, int64_t batch, REAL rate, const REAL *x, const REAL *y,
           const int64_t *orders, REAL *gathered, double *losses, REAL *points) {
  int64_t inputs = net->sizes[0], classes = net->sizes[net->layers];
  int64_t total = weights(net, net->layers) - net->theta;
  for (int64_t t = 0; t < epochs; t++) {
    for (int64_t start = 0; start < samples; start += batch) {
      int64_t n = samples - start < batch ? samples - start : batch;
      const REAL *rows = x + start * inputs, *targets = y + start * classes;
      if (orders) {
        REAL *into = gathered, *labels = gathered + batch * inputs;
        const int64_t *order = orders + t * samples + start;
        if (net->parts & GATHER)
          for (int64_t i = 0; i < n; i++) {
            memcpy(into + i * inputs, x + order[i] * inputs, inputs * sizeof(REAL));
            memcpy(labels + i * classes, y + order[i] * classes, classes * sizeof(REAL));
          }
        rows = into;
        targets = labels;
      }
      forward(net, n, rows);
      if (net->parts & ENTRIES) softmax(net, n, targets, 0);
      backward(net, n, rows, rate);
    }
    if (!losses) continue;
    double sum = 0;
    for (int64_t start = 0; start < samples; start += net->rows) {
      int64_t n = samples - start < net->rows ? samples - start : net->rows;
      forward(net, n, x + start * inputs);
      sum += softmax(net, n, y + start * classes, 1);
    }
    losses[t] = sum / samples;
    memcpy(points + t * total, net->theta, total * sizeof(REAL));
  }
}
