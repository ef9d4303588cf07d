#include "ck_alp.h"

#include <string.h>

#include "ck_level.h"

#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

// 2^52 + 2^51: adding it to a number of less than 2^51 rounds it to an integer, which is then the
// low bits of the sum.
#define MAGIC 6755399441055744.0
#define MAGIC_BITS 0x4338000000000000u

INLINE uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

INLINE double number(int64_t integer) {
  const uint64_t bits = (uint64_t)integer + MAGIC_BITS;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value - MAGIC;
}

INLINE uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

INLINE double decoded64(int64_t integer, ck_alp_scale scale) {
  const double grown = number(integer) * scale.grow;
  return grown * scale.down;
}

INLINE float decoded32(int32_t integer, ck_alp_scale scale) {
  const double grown = (double)integer * scale.grow;
  return (float)(grown * scale.down);
}

INLINE int64_t nearest(double value, ck_alp_scale scale) {
  const double raised = value * scale.up;
  const double scaled = raised * scale.shrink;
  return (int64_t)(bits_of(scaled + MAGIC) - MAGIC_BITS);
}

INLINE void decode_f64_body(const int64_t *in, size_t count, ck_alp_scale scale, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = decoded64(in[i], scale);
}

INLINE void decode_f32_body(const int32_t *in, size_t count, ck_alp_scale scale, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = decoded32(in[i], scale);
}

INLINE size_t encode_f64_body(const double *in, size_t count, ck_alp_scale scale, int64_t *out,
                              uint32_t *exceptions) {
  for (size_t i = 0; i < count; i++) out[i] = nearest(in[i], scale);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    exceptions[found] = (uint32_t)i;
    found += bits_of(decoded64(out[i], scale)) != bits_of(in[i]);
  }
  return found;
}

INLINE size_t encode_f32_body(const float *in, size_t count, ck_alp_scale scale, int32_t *out,
                              uint32_t *exceptions) {
  for (size_t i = 0; i < count; i++) out[i] = (int32_t)(uint64_t)nearest((double)in[i], scale);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    exceptions[found] = (uint32_t)i;
    found += bits_of_float(decoded32(out[i], scale)) != bits_of_float(in[i]);
  }
  return found;
}

#define DEFINE_LEVEL(LEVEL, TARGET)                                                             \
  TARGET static void decode_f64_##LEVEL(const int64_t *in, size_t count, ck_alp_scale scale,    \
                                        double *out) {                                          \
    decode_f64_body(in, count, scale, out);                                                     \
  }                                                                                             \
  TARGET static void decode_f32_##LEVEL(const int32_t *in, size_t count, ck_alp_scale scale,    \
                                        float *out) {                                           \
    decode_f32_body(in, count, scale, out);                                                     \
  }                                                                                             \
  TARGET static size_t encode_f64_##LEVEL(const double *in, size_t count, ck_alp_scale scale,   \
                                          int64_t *out, uint32_t *exceptions) {                 \
    return encode_f64_body(in, count, scale, out, exceptions);                                  \
  }                                                                                             \
  TARGET static size_t encode_f32_##LEVEL(const float *in, size_t count, ck_alp_scale scale,    \
                                          int32_t *out, uint32_t *exceptions) {                 \
    return encode_f32_body(in, count, scale, out, exceptions);                                  \
  }                                                                                             \
  static const ck_alp_table table_##LEVEL = {                                                   \
      decode_f64_##LEVEL,                                                                       \
      decode_f32_##LEVEL,                                                                       \
      encode_f64_##LEVEL,                                                                       \
      encode_f32_##LEVEL,                                                                       \
  };

DEFINE_LEVEL(portable, )
#if defined(__x86_64__)
DEFINE_LEVEL(avx2, __attribute__((target("avx2,bmi2"))))
DEFINE_LEVEL(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi2"))))
#endif

const ck_alp_table *ck_alp_at(int level) {
  if (level < CK_PORTABLE || level > ck_level_max()) return NULL;
#if defined(__x86_64__)
  if (level == CK_AVX2) return &table_avx2;
  if (level == CK_AVX512) return &table_avx512;
#endif
  return &table_portable;
}
