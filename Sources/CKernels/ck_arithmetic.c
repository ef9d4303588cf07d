#include "ck_arithmetic.h"

#include "ck_level.h"

// Plain loops over unsigned numbers, which wrap, instantiated for every level: the compiler turns
// each into the instructions of the function it is inlined into.

#define BODY static inline __attribute__((always_inline))

BODY void linear_body(const int64_t *values, size_t count, int64_t factor, int64_t addend,
                      int64_t *out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = (int64_t)((uint64_t)values[i] * (uint64_t)factor + (uint64_t)addend);
  }
}

// A factor of one or minus one, as in `1 - discount`, needs no multiplication.
BODY void linear_quick(const int64_t *values, size_t count, int64_t factor, int64_t addend,
                       int64_t *out) {
  if (factor == 1) {
    for (size_t i = 0; i < count; i++) {
      out[i] = (int64_t)((uint64_t)values[i] + (uint64_t)addend);
    }
  } else if (factor == -1) {
    for (size_t i = 0; i < count; i++) {
      out[i] = (int64_t)((uint64_t)addend - (uint64_t)values[i]);
    }
  } else {
    linear_body(values, count, factor, addend, out);
  }
}

BODY void add_body(const int64_t *a, const int64_t *b, size_t count, int64_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (int64_t)((uint64_t)a[i] + (uint64_t)b[i]);
}

BODY void multiply_body(const int64_t *a, const int64_t *b, size_t count, int64_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (int64_t)((uint64_t)a[i] * (uint64_t)b[i]);
}

// A scale of one needs no multiplication, as in most frames of reference.
#define AFFINE(from, to, from_type, to_type)                                             \
  BODY void affine_##from##_##to##_body(const from_type *lanes, size_t count,            \
                                        to_type scale, to_type offset, to_type *out) {   \
    if (scale == 1) {                                                                    \
      for (size_t i = 0; i < count; i++) out[i] = (to_type)lanes[i] + offset;            \
    } else {                                                                             \
      for (size_t i = 0; i < count; i++) out[i] = (to_type)lanes[i] * scale + offset;    \
    }                                                                                    \
  }

AFFINE(u8, u32, uint8_t, uint32_t)
AFFINE(u16, u32, uint16_t, uint32_t)
AFFINE(u32, u32, uint32_t, uint32_t)
AFFINE(u8, u64, uint8_t, uint64_t)
AFFINE(u16, u64, uint16_t, uint64_t)
AFFINE(u32, u64, uint32_t, uint64_t)

#define PAIRWISE(name, type, result, expression)                                           \
  BODY void name##_body(const type *a, const type *b, size_t count, result *out) {         \
    for (size_t i = 0; i < count; i++) out[i] = (expression);                              \
  }

PAIRWISE(add_u32, uint32_t, uint32_t, a[i] + b[i])
PAIRWISE(multiply_u32, uint32_t, uint32_t, a[i] * b[i])
PAIRWISE(multiply_wide_u32, uint32_t, uint64_t, (uint64_t)a[i] * b[i])

#define INSTANTIATE_AFFINE(from, to, from_type, to_type, level, target)                  \
  target static void affine_##from##_##to##_##level(const from_type *lanes, size_t count, \
                                                    to_type scale, to_type offset,       \
                                                    to_type *out) {                      \
    affine_##from##_##to##_body(lanes, count, scale, offset, out);                       \
  }

#define INSTANTIATE_PAIRWISE(name, type, result, level, target)                            \
  target static void name##_##level(const type *a, const type *b, size_t count,            \
                                    result *out) {                                         \
    name##_body(a, b, count, out);                                                         \
  }

#define INSTANTIATE_LANES(level, target)                                                  \
  INSTANTIATE_AFFINE(u8, u32, uint8_t, uint32_t, level, target)                           \
  INSTANTIATE_AFFINE(u16, u32, uint16_t, uint32_t, level, target)                         \
  INSTANTIATE_AFFINE(u32, u32, uint32_t, uint32_t, level, target)                         \
  INSTANTIATE_AFFINE(u8, u64, uint8_t, uint64_t, level, target)                           \
  INSTANTIATE_AFFINE(u16, u64, uint16_t, uint64_t, level, target)                         \
  INSTANTIATE_AFFINE(u32, u64, uint32_t, uint64_t, level, target)                         \
  INSTANTIATE_PAIRWISE(add_u32, uint32_t, uint32_t, level, target)                        \
  INSTANTIATE_PAIRWISE(multiply_u32, uint32_t, uint32_t, level, target)                   \
  INSTANTIATE_PAIRWISE(multiply_wide_u32, uint32_t, uint64_t, level, target)

#define INSTANTIATE(level, target)                                                        \
  target static void linear_##level(const int64_t *values, size_t count, int64_t factor,  \
                                    int64_t addend, int64_t *out) {                       \
    linear_quick(values, count, factor, addend, out);                                     \
  }                                                                                       \
  target static void add_##level(const int64_t *a, const int64_t *b, size_t count,        \
                                 int64_t *out) {                                          \
    add_body(a, b, count, out);                                                           \
  }                                                                                       \
  target static void multiply_##level(const int64_t *a, const int64_t *b, size_t count,   \
                                      int64_t *out) {                                     \
    multiply_body(a, b, count, out);                                                      \
  }

#define TABLE(level)                                                                      \
  {                                                                                       \
    linear_##level, add_##level, multiply_##level, affine_u8_u32_##level,                 \
        affine_u16_u32_##level, affine_u32_u32_##level, affine_u8_u64_##level,            \
        affine_u16_u64_##level, affine_u32_u64_##level, add_u32_##level,                  \
        multiply_u32_##level, multiply_wide_u32_##level                                   \
  }

INSTANTIATE(portable, )
INSTANTIATE_LANES(portable, )

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,popcnt")))
INSTANTIATE(avx2, AVX2)
INSTANTIATE_LANES(avx2, AVX2)
INSTANTIATE(avx512, AVX512)
INSTANTIATE_LANES(avx512, AVX512)
#endif

static const ck_arithmetic_table tables[] = {
    TABLE(portable),
#if defined(__x86_64__)
    TABLE(avx2),
    TABLE(avx512),
#endif
};

const ck_arithmetic_table *ck_arithmetic_at(int level) {
  return level >= CK_PORTABLE && level <= ck_level_max() ? &tables[level] : 0;
}
