/* exp without a branch, so that a loop of it becomes vector code: exp(z) = 2^k exp(r) with r = z - k log 2.
   exp(r) is a polynomial of degree 11, the Chebyshev fit on |r| <= log(2)/2, whose error is below a rounding.
   Adding 1.5 * 2^52 rounds to a whole number; compile without -fassociative-math, which would cancel it. */
#include <stdint.h>

static inline double exponential(double z) {
  const double magic = 0x1.8p52;
  z = z < -708 ? -708 : z > 709 ? 709 : z;
  union { double value; int64_t bits; } rounded, power;
  rounded.value = z * 0x1.71547652b82fep0 + magic;
  power.bits = (rounded.bits + 1023) << 52;
  double k = rounded.value - magic;
  double r = z - k * 0x1.62e42fefa39efp-1;
  r = r - k * 0x1.abc9e3b39803fp-56;
  double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  double low = (1 + r) + r2 * (0x1.0000000000011p-1 + r * 0x1.555555555555ap-3);
  double middle = (0x1.555555554f0bap-5 + r * 0x1.111111110f21ep-7)
                + r2 * (0x1.6c16c1880029fp-10 + r * 0x1.a01a01b1461c5p-13);
  double high = (0x1.a01991a10d9aep-16 + r * 0x1.71ddf56d8deb5p-19)
              + r2 * (0x1.28b4101c77212p-22 + r * 0x1.af632a0f7e2cep-26);
  return ((low + r4 * middle) + r8 * high) * power.value;
}
