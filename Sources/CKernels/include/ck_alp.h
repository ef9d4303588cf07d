#ifndef CK_ALP_H
#define CK_ALP_H

#include <stddef.h>
#include <stdint.h>

/// The arithmetic of ALP: Afroozeh, Kuffo and Boncz, "ALP: Adaptive Lossless floating-Point
/// Compression" (SIGMOD 2024). A decimal fraction that was stored as a double becomes the integer
/// of its digits, scaled by a power of ten, when the way back gives the very same bits.
///
/// `number(d)` is the double with the bits of `d + 0x4338000000000000`, minus 6755399441055744:
/// that is d itself for -2^51 <= d < 2^51, and some double for others, the same at every level.
/// No product is fused with an addition, so that all machines agree bit for bit.
typedef struct {
  /// 10^e and 10^-f, by which values are multiplied to encode them.
  double up, shrink;
  /// 10^f and 10^-e, by which integers are multiplied, in this order, to decode them.
  double grow, down;
} ck_alp_scale;

typedef struct {
  /// `out[i]` = number(in[i]) * grow * down. Decoders may work in place.
  void (*decode_f64)(const int64_t *in, size_t count, ck_alp_scale scale, double *out);
  /// `out[i]` = (float)((double)in[i] * grow * down), computed in double precision.
  void (*decode_f32)(const int32_t *in, size_t count, ck_alp_scale scale, float *out);
  /// `out[i]` = the integer nearest to in[i] * up * shrink, or any integer when that is none.
  /// Writes the ascending positions of the values that do not decode to themselves, bit for bit,
  /// and returns their number; `exceptions` has room for `count`.
  size_t (*encode_f64)(const double *in, size_t count, ck_alp_scale scale, int64_t *out,
                       uint32_t *exceptions);
  size_t (*encode_f32)(const float *in, size_t count, ck_alp_scale scale, int32_t *out,
                       uint32_t *exceptions);
} ck_alp_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_alp_table *ck_alp_at(int level);

#endif
