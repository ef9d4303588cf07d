#include "ck_aggregate.h"

#include <math.h>
#include <string.h>

#include "ck_level.h"

// Each body is written once in vector extensions or plain loops and instantiated for every level:
// the compiler turns it into the instructions of the function it is inlined into.

#define BODY static inline __attribute__((always_inline))

// Rows come in blocks of 64, one bitmap word each. `select` gives the word of a block, cut to the
// rows there are.
BODY uint64_t select_word(const uint64_t *words, size_t row, size_t count) {
  if (words) return words[row / 64];
  return count - row >= 64 ? ~0ull : (1ull << (count - row)) - 1;
}

// Whether a partly selected block is better folded whole under a mask than bit by bit. The last
// block of a page never is: there are no values after its end.
BODY int is_dense(uint64_t word, size_t rows_left) {
  return rows_left >= 64 && __builtin_popcountll(word) >= 8;
}

// Rows of a page that is taken whole are added without a look at blocks: so many at a time that the
// sum of 16-bit values fits 32 bits.
#define WHOLE_ROWS ((size_t)1 << 15)

#define SUM_NARROW(suffix, type, block_type, result)                                           \
  BODY result sum_##suffix##_body(const type *values, size_t count, const uint64_t *words) {   \
    result total = 0;                                                                          \
    for (size_t row = 0; !words && row < count; row += WHOLE_ROWS) {                           \
      const size_t end = row + WHOLE_ROWS < count ? row + WHOLE_ROWS : count;                  \
      block_type sum = 0;                                                                      \
      for (size_t i = row; i < end; i++) sum += values[i];                                     \
      total += sum;                                                                            \
    }                                                                                          \
    if (!words) return total;                                                                  \
    for (size_t row = 0; row < count; row += 64) {                                             \
      uint64_t word = select_word(words, row, count);                                          \
      const type *block = values + row;                                                        \
      block_type sum = 0;                                                                      \
      if (word == ~0ull) {                                                                     \
        for (int i = 0; i < 64; i++) sum += block[i];                                          \
      } else if (is_dense(word, count - row)) {                                             \
        for (int i = 0; i < 64; i++) sum += block[i] & -(block_type)(word >> i & 1);           \
      } else {                                                                                 \
        for (; word != 0; word &= word - 1) sum += block[__builtin_ctzll(word)];               \
      }                                                                                        \
      total += sum;                                                                            \
    }                                                                                          \
    return total;                                                                              \
  }

// 64 values of 16 bits fit a 32-bit sum.
SUM_NARROW(i8, int8_t, int32_t, int64_t)
SUM_NARROW(i16, int16_t, int32_t, int64_t)
SUM_NARROW(i32, int32_t, int64_t, int64_t)
SUM_NARROW(u8, uint8_t, uint32_t, uint64_t)
SUM_NARROW(u16, uint16_t, uint32_t, uint64_t)
SUM_NARROW(u32, uint32_t, uint64_t, uint64_t)

BODY ck_sum_parts sum_i64_body(const int64_t *values, size_t count, const uint64_t *words) {
  ck_sum_parts total = {0, 0};
  if (!words) {
    for (size_t i = 0; i < count; i++) {
      total.low += (uint32_t)values[i];
      total.high += values[i] >> 32;
    }
    return total;
  }
  for (size_t row = 0; row < count; row += 64) {
    uint64_t word = select_word(words, row, count);
    const int64_t *block = values + row;
    uint64_t low = 0;
    int64_t high = 0;
    if (word == ~0ull) {
      for (int i = 0; i < 64; i++) {
        low += (uint32_t)block[i];
        high += block[i] >> 32;
      }
    } else if (is_dense(word, count - row)) {
      for (int i = 0; i < 64; i++) {
        int64_t value = block[i] & -(int64_t)(word >> i & 1);
        low += (uint32_t)value;
        high += value >> 32;
      }
    } else {
      for (; word != 0; word &= word - 1) {
        int64_t value = block[__builtin_ctzll(word)];
        low += (uint32_t)value;
        high += value >> 32;
      }
    }
    total.low += low;
    total.high += high;
  }
  return total;
}

// The value, or zero when `bit` is 0 whatever the value is, NaN included.
BODY double masked_f64(double value, uint64_t bit) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  bits &= -bit;
  memcpy(&value, &bits, 8);
  return value;
}

BODY double masked_f32(float value, uint64_t bit) { return masked_f64((double)value, bit); }

// The streams fix the order of additions, so that every level rounds alike. Adding zero for a row
// that is not selected changes nothing: a stream starts at +0 and no sum makes it -0.
#define SUM_FLOAT(suffix, type)                                                               \
  BODY double sum_##suffix##_body(const type *values, size_t count, const uint64_t *words) {  \
    double stream[8] = {0, 0, 0, 0, 0, 0, 0, 0};                                              \
    for (size_t row = 0; row < count; row += 64) {                                            \
      uint64_t word = select_word(words, row, count);                                         \
      const type *block = values + row;                                                       \
      if (word == ~0ull) {                                                                    \
        for (int i = 0; i < 64; i += 8) {                                                     \
          for (int lane = 0; lane < 8; lane++) stream[lane] += (double)block[i + lane];       \
        }                                                                                     \
      } else if (is_dense(word, count - row)) {                                               \
        for (int i = 0; i < 64; i += 8) {                                                     \
          for (int lane = 0; lane < 8; lane++) {                                              \
            stream[lane] += masked_##suffix(block[i + lane], word >> (i + lane) & 1);         \
          }                                                                                   \
        }                                                                                     \
      } else {                                                                                \
        for (; word != 0; word &= word - 1) {                                                 \
          int i = __builtin_ctzll(word);                                                      \
          stream[i & 7] += (double)block[i];                                                  \
        }                                                                                     \
      }                                                                                       \
    }                                                                                         \
    return ((stream[0] + stream[4]) + (stream[2] + stream[6])) +                              \
           ((stream[1] + stream[5]) + (stream[3] + stream[7]));                               \
  }

SUM_FLOAT(f32, float)
SUM_FLOAT(f64, double)

#define EXTREMES_INT(suffix, type, lowest, highest)                                            \
  BODY ck_extremes_int extremes_##suffix##_body(const type *values, size_t count,              \
                                                const uint64_t *words) {                       \
    type min = highest, max = lowest;                                                          \
    int any = 0;                                                                               \
    for (size_t row = 0; row < count; row += 64) {                                             \
      uint64_t word = select_word(words, row, count);                                          \
      const type *block = values + row;                                                        \
      any |= word != 0;                                                                        \
      if (word == ~0ull) {                                                                     \
        for (int i = 0; i < 64; i++) {                                                         \
          min = block[i] < min ? block[i] : min;                                               \
          max = block[i] > max ? block[i] : max;                                               \
        }                                                                                      \
      } else if (is_dense(word, count - row)) {                                             \
        for (int i = 0; i < 64; i++) {                                                         \
          type mask = -(type)(word >> i & 1);                                                  \
          type small = (type)((block[i] & mask) | (highest & ~mask));                          \
          type large = (type)((block[i] & mask) | (lowest & ~mask));                           \
          min = small < min ? small : min;                                                     \
          max = large > max ? large : max;                                                     \
        }                                                                                      \
      } else {                                                                                 \
        for (; word != 0; word &= word - 1) {                                                  \
          type value = block[__builtin_ctzll(word)];                                           \
          min = value < min ? value : min;                                                     \
          max = value > max ? value : max;                                                     \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
    ck_extremes_int result = {min, max};                                                       \
    if (!any) result = (ck_extremes_int){1, 0};                                                \
    return result;                                                                             \
  }

EXTREMES_INT(i8, int8_t, INT8_MIN, INT8_MAX)
EXTREMES_INT(i16, int16_t, INT16_MIN, INT16_MAX)
EXTREMES_INT(i32, int32_t, INT32_MIN, INT32_MAX)
EXTREMES_INT(i64, int64_t, INT64_MIN, INT64_MAX)

// A comparison with NaN is false, so NaN never replaces an extreme.
#define EXTREMES_FLOAT(suffix, type)                                                          \
  BODY ck_extremes_float extremes_##suffix##_body(const type *values, size_t count,           \
                                                  const uint64_t *words) {                    \
    type min[8], max[8];                                                                      \
    int nan[8];                                                                               \
    for (int lane = 0; lane < 8; lane++) {                                                    \
      min[lane] = (type)INFINITY;                                                             \
      max[lane] = (type)-INFINITY;                                                            \
      nan[lane] = 0;                                                                          \
    }                                                                                         \
    for (size_t row = 0; row < count; row += 64) {                                            \
      uint64_t word = select_word(words, row, count);                                         \
      const type *block = values + row;                                                       \
      if (word == ~0ull) {                                                                    \
        for (int i = 0; i < 64; i += 8) {                                                     \
          for (int lane = 0; lane < 8; lane++) {                                              \
            type value = block[i + lane];                                                     \
            min[lane] = value < min[lane] ? value : min[lane];                                \
            max[lane] = value > max[lane] ? value : max[lane];                                \
            nan[lane] |= value != value;                                                      \
          }                                                                                   \
        }                                                                                     \
      } else {                                                                                \
        for (; word != 0; word &= word - 1) {                                                 \
          type value = block[__builtin_ctzll(word)];                                          \
          min[0] = value < min[0] ? value : min[0];                                           \
          max[0] = value > max[0] ? value : max[0];                                           \
          nan[0] |= value != value;                                                           \
        }                                                                                     \
      }                                                                                       \
    }                                                                                         \
    ck_extremes_float result = {min[0], max[0], nan[0]};                                      \
    for (int lane = 1; lane < 8; lane++) {                                                    \
      result.min = min[lane] < result.min ? min[lane] : result.min;                           \
      result.max = max[lane] > result.max ? max[lane] : result.max;                           \
      result.has_nan |= nan[lane];                                                            \
    }                                                                                         \
    /* Equal zeros may differ in sign between orders of comparison: give the positive one. */ \
    result.min += 0.0;                                                                        \
    result.max += 0.0;                                                                        \
    return result;                                                                            \
  }

EXTREMES_FLOAT(f32, float)
EXTREMES_FLOAT(f64, double)

#define MAX(suffix, type)                                                                     \
  BODY type max_##suffix##_body(const type *values, size_t count) {                           \
    type max = 0;                                                                             \
    for (size_t i = 0; i < count; i++) max = values[i] > max ? values[i] : max;               \
    return max;                                                                               \
  }

MAX(u8, uint8_t)
MAX(u32, uint32_t)

#define INSTANTIATE_MAX(level, target)                                                        \
  target static uint8_t max_u8_##level(const uint8_t *values, size_t count) {                 \
    return max_u8_body(values, count);                                                        \
  }                                                                                           \
  target static uint32_t max_u32_##level(const uint32_t *values, size_t count) {              \
    return max_u32_body(values, count);                                                       \
  }

#define FOR_EACH(apply, level, target)                \
  apply(int64_t, sum_i8, int8_t, level, target)       \
  apply(int64_t, sum_i16, int16_t, level, target)     \
  apply(int64_t, sum_i32, int32_t, level, target)     \
  apply(ck_sum_parts, sum_i64, int64_t, level, target) \
  apply(uint64_t, sum_u8, uint8_t, level, target)     \
  apply(uint64_t, sum_u16, uint16_t, level, target)   \
  apply(uint64_t, sum_u32, uint32_t, level, target)   \
  apply(double, sum_f32, float, level, target)        \
  apply(double, sum_f64, double, level, target)       \
  apply(ck_extremes_int, extremes_i8, int8_t, level, target)   \
  apply(ck_extremes_int, extremes_i16, int16_t, level, target) \
  apply(ck_extremes_int, extremes_i32, int32_t, level, target) \
  apply(ck_extremes_int, extremes_i64, int64_t, level, target) \
  apply(ck_extremes_float, extremes_f32, float, level, target) \
  apply(ck_extremes_float, extremes_f64, double, level, target)

#define INSTANTIATE(result, name, type, level, target)                                   \
  target static result name##_##level(const type *values, size_t count,                  \
                                      const uint64_t *words) {                           \
    return name##_body(values, count, words);                                            \
  }

#define TABLE(level)                                                                      \
  {                                                                                       \
    sum_i8_##level, sum_i16_##level, sum_i32_##level, sum_i64_##level, sum_u8_##level,    \
        sum_u16_##level, sum_u32_##level, sum_f32_##level, sum_f64_##level,               \
        extremes_i8_##level, extremes_i16_##level, extremes_i32_##level,                  \
        extremes_i64_##level, extremes_f32_##level, extremes_f64_##level,                 \
        max_u8_##level, max_u32_##level                                                   \
  }

FOR_EACH(INSTANTIATE, portable, )
INSTANTIATE_MAX(portable, )

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,popcnt")))
FOR_EACH(INSTANTIATE, avx2, AVX2)
INSTANTIATE_MAX(avx2, AVX2)
FOR_EACH(INSTANTIATE, avx512, AVX512)
INSTANTIATE_MAX(avx512, AVX512)
#endif

static const ck_aggregate_table tables[] = {
    TABLE(portable),
#if defined(__x86_64__)
    TABLE(avx2),
    TABLE(avx512),
#endif
};

const ck_aggregate_table *ck_aggregate_at(int level) {
  return level >= CK_PORTABLE && level <= ck_level_max() ? &tables[level] : 0;
}
