#include "ck_prefix.h"

#include "ck_level.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define DEFINE_SCALAR(BITS)                                                                     \
  static void sum_u##BITS##_scalar(uint##BITS##_t *values, size_t count,                        \
                                   uint##BITS##_t start) {                                      \
    for (size_t i = 0; i < count; i++) {                                                        \
      start = (uint##BITS##_t)(start + values[i]);                                              \
      values[i] = start;                                                                        \
    }                                                                                           \
  }

DEFINE_SCALAR(8)
DEFINE_SCALAR(16)
DEFINE_SCALAR(32)
DEFINE_SCALAR(64)

static const ck_prefix_table portable = {
    sum_u8_scalar,
    sum_u16_scalar,
    sum_u32_scalar,
    sum_u64_scalar,
};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi2")))

// Sums within a register by shifting and adding in logarithmic steps (Hillis and Steele). Only the
// addition of the carry waits for the register before, so the latency of the steps is hidden.
AVX2 static void sum_u32_avx2(uint32_t *values, size_t count, uint32_t start) {
  __m256i carry = _mm256_set1_epi32((int)start);
  const __m256i last = _mm256_set1_epi32(7);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256i x = _mm256_loadu_si256((const __m256i *)(values + i));
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 4));
    x = _mm256_add_epi32(x, _mm256_slli_si256(x, 8));
    const __m256i ends = _mm256_shuffle_epi32(x, 0xFF);
    x = _mm256_add_epi32(x, _mm256_permute2x128_si256(ends, ends, 0x08));
    _mm256_storeu_si256((__m256i *)(values + i), _mm256_add_epi32(x, carry));
    carry = _mm256_add_epi32(carry, _mm256_permutevar8x32_epi32(x, last));
  }
  sum_u32_scalar(values + i, count - i, (uint32_t)_mm256_extract_epi32(carry, 0));
}

AVX2 static void sum_u64_avx2(uint64_t *values, size_t count, uint64_t start) {
  __m256i carry = _mm256_set1_epi64x((long long)start);
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    __m256i x = _mm256_loadu_si256((const __m256i *)(values + i));
    x = _mm256_add_epi64(x, _mm256_slli_si256(x, 8));
    const __m256i ends = _mm256_unpackhi_epi64(x, x);
    x = _mm256_add_epi64(x, _mm256_permute2x128_si256(ends, ends, 0x08));
    _mm256_storeu_si256((__m256i *)(values + i), _mm256_add_epi64(x, carry));
    carry = _mm256_add_epi64(carry, _mm256_permute4x64_epi64(x, 0xFF));
  }
  sum_u64_scalar(values + i, count - i, (uint64_t)_mm256_extract_epi64(carry, 0));
}

AVX512 static void sum_u32_avx512(uint32_t *values, size_t count, uint32_t start) {
  __m512i carry = _mm512_set1_epi32((int)start);
  const __m512i zero = _mm512_setzero_si512();
  const __m512i last = _mm512_set1_epi32(15);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m512i x = _mm512_loadu_si512(values + i);
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 15));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 14));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 12));
    x = _mm512_add_epi32(x, _mm512_alignr_epi32(x, zero, 8));
    _mm512_storeu_si512(values + i, _mm512_add_epi32(x, carry));
    carry = _mm512_add_epi32(carry, _mm512_permutexvar_epi32(last, x));
  }
  sum_u32_scalar(values + i, count - i, (uint32_t)_mm512_cvtsi512_si32(carry));
}

AVX512 static void sum_u64_avx512(uint64_t *values, size_t count, uint64_t start) {
  __m512i carry = _mm512_set1_epi64((long long)start);
  const __m512i zero = _mm512_setzero_si512();
  const __m512i last = _mm512_set1_epi64(7);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m512i x = _mm512_loadu_si512(values + i);
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 7));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 6));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 4));
    _mm512_storeu_si512(values + i, _mm512_add_epi64(x, carry));
    carry = _mm512_add_epi64(carry, _mm512_permutexvar_epi64(last, x));
  }
  const __m128i low = _mm512_castsi512_si128(carry);
  sum_u64_scalar(values + i, count - i, (uint64_t)_mm_cvtsi128_si64(low));
}

static const ck_prefix_table avx2 = {sum_u8_scalar, sum_u16_scalar, sum_u32_avx2, sum_u64_avx2};
static const ck_prefix_table avx512 = {
    sum_u8_scalar,
    sum_u16_scalar,
    sum_u32_avx512,
    sum_u64_avx512,
};

#endif

const ck_prefix_table *ck_prefix_at(int level) {
  if (level < CK_PORTABLE || level > ck_level_max()) return NULL;
#if defined(__x86_64__)
  if (level == CK_AVX2) return &avx2;
  if (level == CK_AVX512) return &avx512;
#endif
  return &portable;
}
