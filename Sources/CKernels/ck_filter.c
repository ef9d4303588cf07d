#include "ck_filter.h"

#include "ck_level.h"

#define BODY static inline __attribute__((always_inline))

// The twins. Plain C, also used at the other levels for what is left after whole words.

#define PORTABLE_RANGE(suffix, type)                                                        \
  BODY uint64_t tail_##suffix(const type *values, size_t count, type lo, type hi) {         \
    uint64_t word = 0;                                                                      \
    for (size_t i = 0; i < count; i++) {                                                    \
      word |= (uint64_t)((lo <= values[i]) & (values[i] <= hi)) << i;                       \
    }                                                                                       \
    return word;                                                                            \
  }                                                                                         \
  static void range_##suffix##_portable(const type *values, size_t count, type lo, type hi, \
                                        uint64_t *out) {                                    \
    for (; count >= 64; values += 64, count -= 64) *out++ = tail_##suffix(values, 64, lo, hi); \
    if (count > 0) *out = tail_##suffix(values, count, lo, hi);                             \
  }

PORTABLE_RANGE(i8, int8_t)
PORTABLE_RANGE(i16, int16_t)
PORTABLE_RANGE(i32, int32_t)
PORTABLE_RANGE(i64, int64_t)
PORTABLE_RANGE(u8, uint8_t)
PORTABLE_RANGE(u16, uint16_t)
PORTABLE_RANGE(u32, uint32_t)
PORTABLE_RANGE(f32, float)
PORTABLE_RANGE(f64, double)

BODY uint64_t tail_member(const uint32_t *codes, size_t count, const uint8_t *table) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; i++) word |= (uint64_t)(table[codes[i]] != 0) << i;
  return word;
}

static void member_portable(const uint32_t *codes, size_t count, const uint8_t *table,
                            uint64_t *out) {
  for (; count >= 64; codes += 64, count -= 64) *out++ = tail_member(codes, 64, table);
  if (count > 0) *out = tail_member(codes, count, table);
}

BODY uint64_t tail_member8(const uint8_t *codes, size_t count, const uint8_t *table) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; i++) word |= (uint64_t)(table[codes[i]] != 0) << i;
  return word;
}

BODY void member8_body(const uint8_t *codes, size_t count, const uint8_t *table, uint64_t *out) {
  for (; count >= 64; codes += 64, count -= 64) *out++ = tail_member8(codes, 64, table);
  if (count > 0) *out = tail_member8(codes, count, table);
}

static void member8_portable(const uint8_t *codes, size_t count, const uint8_t *table,
                             uint64_t *out) {
  member8_body(codes, count, table, out);
}

BODY size_t row_ids_body(const uint64_t *words, size_t word_count, uint32_t *out) {
  uint32_t *next = out;
  for (size_t w = 0; w < word_count; w++) {
    for (uint64_t rest = words[w]; rest != 0; rest &= rest - 1) {
      *next++ = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(rest);
    }
  }
  return (size_t)(next - out);
}

// Loops that the compiler vectorises by itself for the instruction set of their caller.

#define WORDWISE(name, expression)                                                            \
  BODY void name##_body(const uint64_t *a, const uint64_t *b, size_t count, uint64_t *out) {  \
    for (size_t i = 0; i < count; i++) out[i] = (expression);                                 \
  }

WORDWISE(and_words, a[i] & b[i])
WORDWISE(or_words, a[i] | b[i])
WORDWISE(and_not_words, a[i] & ~b[i])

BODY size_t popcount_body(const uint64_t *words, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total += (uint64_t)__builtin_popcountll(words[i]);
  return total;
}

#define INSTANTIATE(level, target)                                                            \
  target static void and_words_##level(const uint64_t *a, const uint64_t *b, size_t count,    \
                                       uint64_t *out) {                                       \
    and_words_body(a, b, count, out);                                                         \
  }                                                                                           \
  target static void or_words_##level(const uint64_t *a, const uint64_t *b, size_t count,     \
                                      uint64_t *out) {                                        \
    or_words_body(a, b, count, out);                                                          \
  }                                                                                           \
  target static void and_not_words_##level(const uint64_t *a, const uint64_t *b, size_t count, \
                                           uint64_t *out) {                                   \
    and_not_words_body(a, b, count, out);                                                     \
  }                                                                                           \
  target static size_t popcount_##level(const uint64_t *words, size_t count) {                \
    return popcount_body(words, count);                                                       \
  }

INSTANTIATE(portable, )

static size_t row_ids_portable(const uint64_t *words, size_t word_count, uint32_t *out) {
  return row_ids_body(words, word_count, out);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512                                                                               \
  __attribute__((                                                                            \
      target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vpopcntdq,avx2,bmi,bmi2,"    \
             "popcnt")))

INSTANTIATE(avx2, AVX2)
INSTANTIATE(avx512, AVX512)

// AVX2 has no unsigned or inclusive compare: a value is in range when it is neither below `lo` nor
// above `hi`, so each block computes the bits outside and inverts them.

AVX2 static void range_i8_avx2(const int8_t *values, size_t count, int8_t lo, int8_t hi,
                               uint64_t *out) {
  __m256i low = _mm256_set1_epi8(lo), high = _mm256_set1_epi8(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t outside = 0;
    for (int block = 0; block < 2; block++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(values + 32 * block));
      __m256i o = _mm256_or_si256(_mm256_cmpgt_epi8(low, v), _mm256_cmpgt_epi8(v, high));
      outside |= (uint64_t)(uint32_t)_mm256_movemask_epi8(o) << (32 * block);
    }
    *out++ = ~outside;
  }
  if (count > 0) *out = tail_i8(values, count, lo, hi);
}

AVX2 static void range_i16_avx2(const int16_t *values, size_t count, int16_t lo, int16_t hi,
                                uint64_t *out) {
  __m256i low = _mm256_set1_epi16(lo), high = _mm256_set1_epi16(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t outside = 0;
    for (int block = 0; block < 2; block++) {
      __m256i a = _mm256_loadu_si256((const __m256i *)(values + 32 * block));
      __m256i b = _mm256_loadu_si256((const __m256i *)(values + 32 * block + 16));
      a = _mm256_or_si256(_mm256_cmpgt_epi16(low, a), _mm256_cmpgt_epi16(a, high));
      b = _mm256_or_si256(_mm256_cmpgt_epi16(low, b), _mm256_cmpgt_epi16(b, high));
      // Packing interleaves the 128-bit halves; the permutation restores the order of rows.
      __m256i o = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
      outside |= (uint64_t)(uint32_t)_mm256_movemask_epi8(o) << (32 * block);
    }
    *out++ = ~outside;
  }
  if (count > 0) *out = tail_i16(values, count, lo, hi);
}

AVX2 static void range_i32_avx2(const int32_t *values, size_t count, int32_t lo, int32_t hi,
                                uint64_t *out) {
  __m256i low = _mm256_set1_epi32(lo), high = _mm256_set1_epi32(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t outside = 0;
    for (int block = 0; block < 8; block++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(values + 8 * block));
      __m256i o = _mm256_or_si256(_mm256_cmpgt_epi32(low, v), _mm256_cmpgt_epi32(v, high));
      outside |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(o)) << (8 * block);
    }
    *out++ = ~outside;
  }
  if (count > 0) *out = tail_i32(values, count, lo, hi);
}

AVX2 static void range_i64_avx2(const int64_t *values, size_t count, int64_t lo, int64_t hi,
                                uint64_t *out) {
  __m256i low = _mm256_set1_epi64x(lo), high = _mm256_set1_epi64x(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t outside = 0;
    for (int block = 0; block < 16; block++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(values + 4 * block));
      __m256i o = _mm256_or_si256(_mm256_cmpgt_epi64(low, v), _mm256_cmpgt_epi64(v, high));
      outside |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(o)) << (4 * block);
    }
    *out++ = ~outside;
  }
  if (count > 0) *out = tail_i64(values, count, lo, hi);
}

// Unsigned: a value that is its own maximum with `lo` is not below it. The results of a comparison
// are bytes, packed from wider lanes; packing interleaves the 128-bit halves, which the
// permutations put right.

AVX2 static void range_u8_avx2(const uint8_t *values, size_t count, uint8_t lo, uint8_t hi,
                               uint64_t *out) {
  __m256i low = _mm256_set1_epi8((char)lo), high = _mm256_set1_epi8((char)hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 2; block++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(values + 32 * block));
      __m256i in = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(v, low), v),
                                    _mm256_cmpeq_epi8(_mm256_min_epu8(v, high), v));
      word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(in) << (32 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_u8(values, count, lo, hi);
}

AVX2 static void range_u16_avx2(const uint16_t *values, size_t count, uint16_t lo, uint16_t hi,
                                uint64_t *out) {
  __m256i low = _mm256_set1_epi16((short)lo), high = _mm256_set1_epi16((short)hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 2; block++) {
      __m256i half[2];
      for (int part = 0; part < 2; part++) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(values + 32 * block + 16 * part));
        half[part] = _mm256_and_si256(_mm256_cmpeq_epi16(_mm256_max_epu16(v, low), v),
                                      _mm256_cmpeq_epi16(_mm256_min_epu16(v, high), v));
      }
      __m256i in = _mm256_permute4x64_epi64(_mm256_packs_epi16(half[0], half[1]), 0xD8);
      word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(in) << (32 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_u16(values, count, lo, hi);
}

AVX2 static void range_u32_avx2(const uint32_t *values, size_t count, uint32_t lo, uint32_t hi,
                                uint64_t *out) {
  __m256i low = _mm256_set1_epi32((int)lo), high = _mm256_set1_epi32((int)hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 8; block++) {
      __m256i v = _mm256_loadu_si256((const __m256i *)(values + 8 * block));
      __m256i in = _mm256_and_si256(_mm256_cmpeq_epi32(_mm256_max_epu32(v, low), v),
                                    _mm256_cmpeq_epi32(_mm256_min_epu32(v, high), v));
      word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(in)) << (8 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_u32(values, count, lo, hi);
}

AVX2 static void member8_avx2(const uint8_t *codes, size_t count, const uint8_t *table,
                              uint64_t *out) {
  member8_body(codes, count, table, out);
}

AVX2 static void range_f32_avx2(const float *values, size_t count, float lo, float hi,
                                uint64_t *out) {
  __m256 low = _mm256_set1_ps(lo), high = _mm256_set1_ps(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 8; block++) {
      __m256 v = _mm256_loadu_ps(values + 8 * block);
      __m256 above = _mm256_cmp_ps(low, v, _CMP_LE_OQ);
      __m256 in = _mm256_and_ps(above, _mm256_cmp_ps(v, high, _CMP_LE_OQ));
      word |= (uint64_t)(uint32_t)_mm256_movemask_ps(in) << (8 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_f32(values, count, lo, hi);
}

AVX2 static void range_f64_avx2(const double *values, size_t count, double lo, double hi,
                                uint64_t *out) {
  __m256d low = _mm256_set1_pd(lo), high = _mm256_set1_pd(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 16; block++) {
      __m256d v = _mm256_loadu_pd(values + 4 * block);
      __m256d above = _mm256_cmp_pd(low, v, _CMP_LE_OQ);
      __m256d in = _mm256_and_pd(above, _mm256_cmp_pd(v, high, _CMP_LE_OQ));
      word |= (uint64_t)(uint32_t)_mm256_movemask_pd(in) << (4 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_f64(values, count, lo, hi);
}

AVX2 static void member_avx2(const uint32_t *codes, size_t count, const uint8_t *table,
                             uint64_t *out) {
  __m256i zero = _mm256_setzero_si256();
  for (; count >= 64; codes += 64, count -= 64) {
    uint64_t absent = 0;
    for (int block = 0; block < 8; block++) {
      __m256i code = _mm256_loadu_si256((const __m256i *)(codes + 8 * block));
      __m256i entry = _mm256_i32gather_epi32((const int *)table, code, 1);
      // A gather loads four bytes; the shift drops the three that belong to other codes.
      __m256i none = _mm256_cmpeq_epi32(_mm256_slli_epi32(entry, 24), zero);
      absent |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(none)) << (8 * block);
    }
    *out++ = ~absent;
  }
  if (count > 0) *out = tail_member(codes, count, table);
}

AVX2 static size_t row_ids_avx2(const uint64_t *words, size_t word_count, uint32_t *out) {
  uint32_t *next = out;
  __m256i eight = _mm256_set1_epi32(8);
  for (size_t w = 0; w < word_count; w++) {
    uint64_t word = words[w];
    if (word == 0) continue;
    __m256i base = _mm256_add_epi32(_mm256_set1_epi32((int)(w * 64)),
                                    _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    for (int block = 0; block < 8; block++) {
      // Spreads eight bits over eight bytes, and uses them to pack the positions 0...7 together.
      uint64_t bytes = _pdep_u64(word & 0xFF, 0x0101010101010101ull) * 0xFF;
      uint64_t packed = _pext_u64(0x0706050403020100ull, bytes);
      __m256i order = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)packed));
      _mm256_storeu_si256((__m256i *)next, _mm256_permutevar8x32_epi32(base, order));
      next += _mm_popcnt_u32((uint32_t)(word & 0xFF));
      base = _mm256_add_epi32(base, eight);
      word >>= 8;
    }
  }
  return (size_t)(next - out);
}

AVX512 static void range_i8_avx512(const int8_t *values, size_t count, int8_t lo, int8_t hi,
                                   uint64_t *out) {
  __m512i low = _mm512_set1_epi8(lo), high = _mm512_set1_epi8(hi);
  for (; count >= 64; values += 64, count -= 64) {
    __m512i v = _mm512_loadu_si512(values);
    *out++ = _mm512_mask_cmple_epi8_mask(_mm512_cmple_epi8_mask(low, v), v, high);
  }
  if (count > 0) *out = tail_i8(values, count, lo, hi);
}

AVX512 static void range_i16_avx512(const int16_t *values, size_t count, int16_t lo, int16_t hi,
                                    uint64_t *out) {
  __m512i low = _mm512_set1_epi16(lo), high = _mm512_set1_epi16(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 2; block++) {
      __m512i v = _mm512_loadu_si512(values + 32 * block);
      word |= (uint64_t)_mm512_mask_cmple_epi16_mask(_mm512_cmple_epi16_mask(low, v), v, high)
              << (32 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_i16(values, count, lo, hi);
}

AVX512 static void range_i32_avx512(const int32_t *values, size_t count, int32_t lo, int32_t hi,
                                    uint64_t *out) {
  __m512i low = _mm512_set1_epi32(lo), high = _mm512_set1_epi32(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 4; block++) {
      __m512i v = _mm512_loadu_si512(values + 16 * block);
      word |= (uint64_t)_mm512_mask_cmple_epi32_mask(_mm512_cmple_epi32_mask(low, v), v, high)
              << (16 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_i32(values, count, lo, hi);
}

AVX512 static void range_i64_avx512(const int64_t *values, size_t count, int64_t lo, int64_t hi,
                                    uint64_t *out) {
  __m512i low = _mm512_set1_epi64(lo), high = _mm512_set1_epi64(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 8; block++) {
      __m512i v = _mm512_loadu_si512(values + 8 * block);
      word |= (uint64_t)_mm512_mask_cmple_epi64_mask(_mm512_cmple_epi64_mask(low, v), v, high)
              << (8 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_i64(values, count, lo, hi);
}

AVX512 static void range_u8_avx512(const uint8_t *values, size_t count, uint8_t lo, uint8_t hi,
                                   uint64_t *out) {
  __m512i low = _mm512_set1_epi8((char)lo), high = _mm512_set1_epi8((char)hi);
  for (; count >= 64; values += 64, count -= 64) {
    __m512i v = _mm512_loadu_si512(values);
    *out++ = _mm512_mask_cmple_epu8_mask(_mm512_cmple_epu8_mask(low, v), v, high);
  }
  if (count > 0) *out = tail_u8(values, count, lo, hi);
}

AVX512 static void range_u16_avx512(const uint16_t *values, size_t count, uint16_t lo,
                                    uint16_t hi, uint64_t *out) {
  __m512i low = _mm512_set1_epi16((short)lo), high = _mm512_set1_epi16((short)hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 2; block++) {
      __m512i v = _mm512_loadu_si512(values + 32 * block);
      word |= (uint64_t)_mm512_mask_cmple_epu16_mask(_mm512_cmple_epu16_mask(low, v), v, high)
              << (32 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_u16(values, count, lo, hi);
}

AVX512 static void range_u32_avx512(const uint32_t *values, size_t count, uint32_t lo,
                                    uint32_t hi, uint64_t *out) {
  __m512i low = _mm512_set1_epi32((int)lo), high = _mm512_set1_epi32((int)hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 4; block++) {
      __m512i v = _mm512_loadu_si512(values + 16 * block);
      word |= (uint64_t)_mm512_mask_cmple_epu32_mask(_mm512_cmple_epu32_mask(low, v), v, high)
              << (16 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_u32(values, count, lo, hi);
}

// The table is four registers; a permutation looks up in two of them by seven bits of the code.
AVX512 static void member8_avx512(const uint8_t *codes, size_t count, const uint8_t *table,
                                  uint64_t *out) {
  const __m512i t0 = _mm512_loadu_si512(table), t1 = _mm512_loadu_si512(table + 64);
  const __m512i t2 = _mm512_loadu_si512(table + 128), t3 = _mm512_loadu_si512(table + 192);
  for (; count >= 64; codes += 64, count -= 64) {
    __m512i code = _mm512_loadu_si512(codes);
    __m512i low = _mm512_permutex2var_epi8(t0, code, t1);
    __m512i high = _mm512_permutex2var_epi8(t2, code, t3);
    __m512i entry = _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high);
    *out++ = _mm512_test_epi8_mask(entry, entry);
  }
  if (count > 0) *out = tail_member8(codes, count, table);
}

AVX512 static void range_f32_avx512(const float *values, size_t count, float lo, float hi,
                                    uint64_t *out) {
  __m512 low = _mm512_set1_ps(lo), high = _mm512_set1_ps(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 4; block++) {
      __m512 v = _mm512_loadu_ps(values + 16 * block);
      __mmask16 above = _mm512_cmp_ps_mask(low, v, _CMP_LE_OQ);
      word |= (uint64_t)_mm512_mask_cmp_ps_mask(above, v, high, _CMP_LE_OQ) << (16 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_f32(values, count, lo, hi);
}

AVX512 static void range_f64_avx512(const double *values, size_t count, double lo, double hi,
                                    uint64_t *out) {
  __m512d low = _mm512_set1_pd(lo), high = _mm512_set1_pd(hi);
  for (; count >= 64; values += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 8; block++) {
      __m512d v = _mm512_loadu_pd(values + 8 * block);
      __mmask8 above = _mm512_cmp_pd_mask(low, v, _CMP_LE_OQ);
      word |= (uint64_t)_mm512_mask_cmp_pd_mask(above, v, high, _CMP_LE_OQ) << (8 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_f64(values, count, lo, hi);
}

AVX512 static void member_avx512(const uint32_t *codes, size_t count, const uint8_t *table,
                                 uint64_t *out) {
  __m512i byte = _mm512_set1_epi32(0xFF);
  for (; count >= 64; codes += 64, count -= 64) {
    uint64_t word = 0;
    for (int block = 0; block < 4; block++) {
      __m512i code = _mm512_loadu_si512(codes + 16 * block);
      __m512i entry = _mm512_i32gather_epi32(code, table, 1);
      word |= (uint64_t)_mm512_test_epi32_mask(entry, byte) << (16 * block);
    }
    *out++ = word;
  }
  if (count > 0) *out = tail_member(codes, count, table);
}

AVX512 static size_t row_ids_avx512(const uint64_t *words, size_t word_count, uint32_t *out) {
  uint32_t *next = out;
  const __m512i lanes =
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (size_t w = 0; w < word_count; w++) {
    uint64_t word = words[w];
    if (word == 0) continue;
    for (int block = 0; block < 4; block++) {
      __mmask16 mask = (__mmask16)(word >> (16 * block));
      __m512i rows = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(w * 64) + 16 * block));
      // Compressing into a register and storing it whole is faster than compressing to memory.
      _mm512_storeu_si512(next, _mm512_maskz_compress_epi32(mask, rows));
      next += _mm_popcnt_u32(mask);
    }
  }
  return (size_t)(next - out);
}
#endif

#define TABLE(level)                                                              \
  {                                                                               \
    range_i8_##level, range_i16_##level, range_i32_##level, range_i64_##level,    \
        range_u8_##level, range_u16_##level, range_u32_##level,                   \
        range_f32_##level, range_f64_##level, member_##level, member8_##level,    \
        row_ids_##level,                                                          \
        and_words_##level, or_words_##level, and_not_words_##level, popcount_##level \
  }

static const ck_filter_table tables[] = {
    TABLE(portable),
#if defined(__x86_64__)
    TABLE(avx2),
    TABLE(avx512),
#endif
};

const ck_filter_table *ck_filter_at(int level) {
  return level >= CK_PORTABLE && level <= ck_level_max() ? &tables[level] : 0;
}
