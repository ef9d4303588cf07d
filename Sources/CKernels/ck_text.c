#include "ck_text.h"

#include <string.h>

#include "ck_level.h"

// The twin; the other levels use it for what is left after whole vectors.
static size_t find_portable(const uint8_t *text, size_t count, const uint8_t *needle,
                            size_t needle_count) {
  if (count < needle_count) return count;
  const size_t last = count - needle_count;
  for (size_t i = 0; i <= last; i++) {
    if (text[i] == needle[0] && memcmp(text + i, needle, needle_count) == 0) return i;
  }
  return count;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2")))

// Places where the first and the last byte of the needle stand at its distance are rare, so the
// bytes between are compared there only (the "generic SIMD" algorithm of Mula, 2016).

AVX2 static size_t find_avx2(const uint8_t *text, size_t count, const uint8_t *needle,
                             size_t needle_count) {
  if (count < needle_count) return count;
  const size_t end = count - needle_count + 1;
  const __m256i first = _mm256_set1_epi8((char)needle[0]);
  const __m256i last = _mm256_set1_epi8((char)needle[needle_count - 1]);
  size_t i = 0;
  for (; i + 32 <= end; i += 32) {
    const __m256i a = _mm256_loadu_si256((const __m256i *)(text + i));
    const __m256i b = _mm256_loadu_si256((const __m256i *)(text + i + needle_count - 1));
    uint32_t hits = (uint32_t)_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, last)));
    for (; hits != 0; hits &= hits - 1) {
      const size_t place = i + (size_t)__builtin_ctz(hits);
      if (memcmp(text + place, needle, needle_count) == 0) return place;
    }
  }
  return i + find_portable(text + i, count - i, needle, needle_count);
}

AVX512 static size_t find_avx512(const uint8_t *text, size_t count, const uint8_t *needle,
                                 size_t needle_count) {
  if (count < needle_count) return count;
  const size_t end = count - needle_count + 1;
  const __m512i first = _mm512_set1_epi8((char)needle[0]);
  const __m512i last = _mm512_set1_epi8((char)needle[needle_count - 1]);
  for (size_t i = 0; i < end; i += 64) {
    // Bytes that are masked out are not read.
    const __mmask64 lanes = end - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (end - i)) - 1;
    const __m512i a = _mm512_maskz_loadu_epi8(lanes, text + i);
    const __m512i b = _mm512_maskz_loadu_epi8(lanes, text + i + needle_count - 1);
    uint64_t hits = _mm512_mask_cmpeq_epi8_mask(
        _mm512_mask_cmpeq_epi8_mask(lanes, a, first), b, last);
    for (; hits != 0; hits &= hits - 1) {
      const size_t place = i + (size_t)__builtin_ctzll(hits);
      if (memcmp(text + place, needle, needle_count) == 0) return place;
    }
  }
  return count;
}
#endif

static const ck_text_table tables[] = {
    {find_portable},
#if defined(__x86_64__)
    {find_avx2},
    {find_avx512},
#endif
};

const ck_text_table *ck_text_at(int level) {
  return level >= CK_PORTABLE && level <= ck_level_max() ? &tables[level] : 0;
}
