// The native limit: the same work in C, with packed panels, for gcc -O3 -march=native -ffast-math (AVX2 and FMA where
// the processor has them). Reads jobs "what F N T B reps" from stdin, one a line, answers nanoseconds for one.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PANEL = 32 };
typedef float v8 __attribute__((vector_size(32), aligned(4)));
typedef int v8i __attribute__((vector_size(32), aligned(4)));

static float *zeros(size_t n) {
  float *p = aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64);
  memset(p, 0, n * sizeof(float));
  return p;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline v8 splat(float x) { return (v8){x, x, x, x, x, x, x, x}; }
static inline v8 at(const float *p) { return *(const v8 *)p; }

// Rational approximation, good to some 1e-6: the limit, not the contract.
static inline v8 tanh8(v8 x) {
  v8 top = splat(7.9f), low = splat(-7.9f);
  v8i over = x > top, under = x < low;
  x = (v8)((over & (v8i)top) | (under & (v8i)low) | (~(over | under) & (v8i)x));
  v8 s = x * x;
  v8 p = s * -2.76076847742355e-16f + 2.00018790482477e-13f;
  p = p * s - 8.60467152213735e-11f;
  p = p * s + 5.12229709037114e-08f;
  p = p * s + 1.48572235717979e-05f;
  p = p * s + 6.37261928875436e-04f;
  p = p * s + 4.89352455891786e-03f;
  v8 q = s * 1.19825839466702e-06f + 1.18534705686654e-04f;
  q = q * s + 2.26843463243900e-03f;
  q = q * s + 4.89352518554385e-03f;
  return x * p / q;
}

// y = a W + b, and tanh of it; W [A,M] in panels of 32 columns, M a multiple of 32 or, at the readout, of 8
static void affine(float *y, const float *a, const float *w, const float *b, int A, int M, int activate) {
  int j = 0;
  for (; j + PANEL <= M; j += PANEL) {
    v8 s0 = at(b + j), s1 = at(b + j + 8), s2 = at(b + j + 16), s3 = at(b + j + 24);
    v8 t0 = splat(0), t1 = t0, t2 = t0, t3 = t0;
    int i = 0;
    for (; i + 2 <= A; i += 2, w += 2 * PANEL) {
      v8 x = splat(a[i]), z = splat(a[i + 1]);
      s0 += x * at(w), s1 += x * at(w + 8), s2 += x * at(w + 16), s3 += x * at(w + 24);
      t0 += z * at(w + 32), t1 += z * at(w + 40), t2 += z * at(w + 48), t3 += z * at(w + 56);
    }
    for (; i < A; i++, w += PANEL) {
      v8 x = splat(a[i]);
      s0 += x * at(w), s1 += x * at(w + 8), s2 += x * at(w + 16), s3 += x * at(w + 24);
    }
    s0 += t0, s1 += t1, s2 += t2, s3 += t3;
    if (activate) s0 = tanh8(s0), s1 = tanh8(s1), s2 = tanh8(s2), s3 = tanh8(s3);
    *(v8 *)(y + j) = s0, *(v8 *)(y + j + 8) = s1, *(v8 *)(y + j + 16) = s2, *(v8 *)(y + j + 24) = s3;
  }
  for (; j < M; j += 8) {
    v8 s = at(b + j), t = splat(0);
    int i = 0;
    for (; i + 2 <= A; i += 2, w += 16) s += splat(a[i]) * at(w), t += splat(a[i + 1]) * at(w + 8);
    for (; i < A; i++, w += 8) s += splat(a[i]) * at(w);
    *(v8 *)(y + j) = activate ? tanh8(s + t) : s + t;
  }
}

static float hsum(v8 x) { return x[0] + x[1] + x[2] + x[3] + x[4] + x[5] + x[6] + x[7]; }

// out = d W^T
static void transposed(float *out, const float *d, const float *w, int A, int M) {
  memset(out, 0, A * sizeof(float));
  for (int j = 0; j < M;) {
    int width = M - j >= PANEL ? PANEL : 8;
    for (int i = 0; i < A; i++, w += width) {
      v8 s = at(d + j) * at(w);
      for (int k = 8; k < width; k += 8) s += at(d + j + k) * at(w + k);
      out[i] += hsum(s);
    }
    j += width;
  }
}

// w -= rate * a^T d over R rows
static void descend(float *w, float *b, const float *a, int stride, const float *d, int R, int A, int M, float rate) {
  for (int j = 0; j < M;) {
    int width = M - j >= PANEL ? PANEL : 8;
    if (width == PANEL)
      for (int i = 0; i < A; i += 2, w += 2 * PANEL) {
        v8 s0 = splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        for (int r = 0; r < R; r++) {
          v8 x = splat(a[r * stride + i]), z = splat(a[r * stride + i + 1]);
          const float *p = d + r * M + j;
          v8 d0 = at(p), d1 = at(p + 8), d2 = at(p + 16), d3 = at(p + 24);
          s0 += x * d0, s1 += x * d1, s2 += x * d2, s3 += x * d3;
          t0 += z * d0, t1 += z * d1, t2 += z * d2, t3 += z * d3;
        }
        v8 *q = (v8 *)w, k = splat(rate);
        q[0] -= k * s0, q[1] -= k * s1, q[2] -= k * s2, q[3] -= k * s3;
        q[4] -= k * t0, q[5] -= k * t1, q[6] -= k * t2, q[7] -= k * t3;
      }
    else
      for (int i = 0; i < A; i++, w += 8) {
        v8 s = splat(0);
        for (int r = 0; r < R; r++) s += splat(a[r * stride + i]) * at(d + r * M + j);
        *(v8 *)w -= splat(rate) * s;
      }
    for (int k = 0; k < width; k++) {
      float s = 0;
      for (int r = 0; r < R; r++) s += d[r * M + j + k];
      b[j + k] -= rate * s;
    }
    j += width;
  }
}

struct work { int F, N, T, B; float *z, *w, *b, *wy, *by, *y, *dy, *da, *dz; };

static void steps(struct work *k) {
  int D = k->F + k->N;
  for (int row = 0; row < k->T * k->B; row++)
    affine(k->z + (row + k->B) * D + k->F, k->z + row * D, k->w, k->b, D, k->N, 1);
}

static void update(struct work *k) {
  int F = k->F, N = k->N, T = k->T, D = F + N;
  steps(k);
  for (int t = 0; t < T; t++) {
    affine(k->y + t * F, k->z + (t + 1) * D + F, k->wy, k->by, N, F, 0);
    for (int j = 0; j < F; j++) k->dy[t * F + j] = 2.0f / (T * F) * (k->y[t * F + j] - k->z[(t + 1) * D + j]);
    transposed(k->da + t * N, k->dy + t * F, k->wy, N, F);
  }
  for (int t = T - 1; t >= 0; t--) {
    float *d = k->da + t * N;
    const float *h = k->z + (t + 1) * D + F;
    for (int j = 0; j < N; j++) d[j] = (d[j] + (t < T - 1 ? k->dz[(t + 1) * D + F + j] : 0)) * (1 - h[j] * h[j]);
    transposed(k->dz + t * D, d, k->w, D, N);
  }
  descend(k->w, k->b, k->z, D, k->da, T, D, N, 1e-4f);
  descend(k->wy, k->by, k->z + D + F, D, k->dy, T, N, F, 1e-4f);
}

int main(void) {
  char what[16];
  struct work k;
  int reps;
  while (scanf("%15s %d %d %d %d %d", what, &k.F, &k.N, &k.T, &k.B, &reps) == 6) {
    size_t D = k.F + k.N, rows = (size_t)k.T * k.B;
    k.z = zeros((rows + k.B) * D), k.w = zeros(D * k.N), k.b = zeros(k.N), k.wy = zeros((size_t)k.N * k.F);
    k.by = zeros(k.F), k.y = zeros(rows * k.F), k.dy = zeros(rows * k.F), k.da = zeros(rows * k.N), k.dz = zeros((rows + k.B) * D);
    uint32_t s = 1;
    for (size_t i = 0; i < (rows + k.B) * D; i++) k.z[i] = ((s = s * 1664525u + 1013904223u) >> 8) / 16777216.0f - 0.5f;
    for (size_t i = 0; i < D * k.N; i++) k.w[i] = (((s = s * 1664525u + 1013904223u) >> 8) / 16777216.0f - 0.5f) / sqrtf(D);
    for (size_t i = 0; i < (size_t)k.N * k.F; i++) k.wy[i] = (((s = s * 1664525u + 1013904223u) >> 8) / 16777216.0f - 0.5f) / sqrtf(k.N);
    void (*run)(struct work *) = what[0] == 'u' ? update : steps;
    run(&k);
    double began = now();
    for (int i = 0; i < reps; i++) run(&k);
    printf("%.3f\n", (now() - began) / reps);
    fflush(stdout);
    float *all[] = {k.z, k.w, k.b, k.wy, k.by, k.y, k.dy, k.da, k.dz};
    for (int i = 0; i < 9; i++) free(all[i]);
  }
  return 0;
}
