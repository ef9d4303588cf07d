#include "ck_fields.h"

#include "ck_level.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define STEP 64
#define BODY static inline __attribute__((always_inline))

/// Which of 64 bytes are what, a bit for each.
typedef struct {
  uint64_t separators, quotes, high;
} marks;

BODY marks mark_scalar(const uint8_t *text, uint8_t delimiter, int quote) {
  marks found = {0, 0, 0};
  for (int i = 0; i < STEP; i++) {
    const uint8_t byte = text[i];
    found.separators |= (uint64_t)(byte == delimiter || byte == '\n') << i;
    found.quotes |= (uint64_t)(byte == quote) << i;
    found.high |= (uint64_t)(byte >> 7) << i;
  }
  return found;
}

/// Bit i is the parity of bits 0 to i.
BODY uint64_t parities(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// Writes the positions of the set bits and returns the place for the next. Eight at a time, since
/// that many are usual in 64 bytes, and a branch for each would be mispredicted; what is written
/// too much is overwritten by the next.
BODY uint32_t *write_positions(uint64_t bits, uint32_t base, uint32_t *out) {
  uint32_t *const end = out + __builtin_popcountll(bits);
  while (bits != 0) {
    for (int i = 0; i < 8; i++) {
      // Without a bit left the count of zeros would be undefined.
      out[i] = base + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
      bits &= bits - 1;
    }
    out += 8;
  }
  return end;
}

// The marker is a macro argument, so that each level has a loop of its own.
#define FIELD_ENDS(MARK)                                                                       \
  ck_field_ends result = {0, 0, 0, 0};                                                         \
  uint32_t *next = ends;                                                                       \
  uint64_t inside = 0, quotes = 0, high = 0;                                                   \
  size_t start = 0;                                                                            \
  while (start < count && (size_t)(next - ends) + STEP <= capacity) {                          \
    uint8_t padded[STEP];                                                                      \
    const uint8_t *from = text + start;                                                        \
    uint64_t valid = ~0ull;                                                                    \
    if (count - start < STEP) {                                                                \
      memset(padded, 0, STEP);                                                                 \
      memcpy(padded, from, count - start);                                                     \
      from = padded;                                                                           \
      valid = (1ull << (count - start)) - 1;                                                   \
    }                                                                                          \
    marks found = MARK(from, delimiter, quote);                                                \
    found.quotes &= valid;                                                                     \
    uint64_t separators = found.separators & valid;                                            \
    if ((found.quotes | inside) != 0) {                                                        \
      const uint64_t covered = parities(found.quotes) ^ inside;                                \
      inside = (uint64_t)((int64_t)covered >> 63);                                             \
      separators &= ~covered;                                                                  \
    }                                                                                          \
    quotes |= found.quotes;                                                                    \
    high |= found.high;                                                                        \
    next = write_positions(separators, (uint32_t)start, next);                                 \
    start += STEP;                                                                             \
  }                                                                                            \
  result.end_count = (size_t)(next - ends);                                                    \
  result.byte_count = start < count ? start : count;                                           \
  result.has_quote = quotes != 0;                                                              \
  result.has_high = high != 0;                                                                 \
  return result;

static ck_field_ends field_ends_scalar(const uint8_t *text, size_t count, uint8_t delimiter,
                                       int quote, uint32_t *ends, size_t capacity) {
  FIELD_ENDS(mark_scalar)
}

static size_t count_byte_scalar(const uint8_t *text, size_t count, uint8_t byte) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += text[i] == byte;
  return total;
}

static const ck_field_table portable = {field_ends_scalar, count_byte_scalar};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi,bmi2,popcnt")))

AVX2 BODY uint64_t equal_avx2(__m256i low, __m256i high, __m256i pattern) {
  const uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, pattern));
  const uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, pattern));
  return (uint64_t)b << 32 | a;
}

AVX2 BODY marks mark_avx2(const uint8_t *text, uint8_t delimiter, int quote) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)text);
  const __m256i high = _mm256_loadu_si256((const __m256i *)(text + 32));
  marks found;
  found.separators = equal_avx2(low, high, _mm256_set1_epi8((char)delimiter)) |
                     equal_avx2(low, high, _mm256_set1_epi8('\n'));
  found.quotes = quote < 0 ? 0 : equal_avx2(low, high, _mm256_set1_epi8((char)quote));
  found.high = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, high));
  return found;
}

AVX2 static ck_field_ends field_ends_avx2(const uint8_t *text, size_t count, uint8_t delimiter,
                                          int quote, uint32_t *ends, size_t capacity) {
  FIELD_ENDS(mark_avx2)
}

AVX2 static size_t count_byte_avx2(const uint8_t *text, size_t count, uint8_t byte) {
  const __m256i pattern = _mm256_set1_epi8((char)byte);
  size_t total = 0;
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)(text + i));
    const __m256i high = _mm256_loadu_si256((const __m256i *)(text + i + 32));
    total += (size_t)__builtin_popcountll(equal_avx2(low, high, pattern));
  }
  return total + count_byte_scalar(text + i, count - i, byte);
}

AVX512 BODY marks mark_avx512(const uint8_t *text, uint8_t delimiter, int quote) {
  const __m512i bytes = _mm512_loadu_si512(text);
  marks found;
  found.separators = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)delimiter)) |
                     _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n'));
  found.quotes = quote < 0 ? 0 : _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)quote));
  found.high = _mm512_movepi8_mask(bytes);
  return found;
}

AVX512 static ck_field_ends field_ends_avx512(const uint8_t *text, size_t count,
                                              uint8_t delimiter, int quote, uint32_t *ends,
                                              size_t capacity) {
  FIELD_ENDS(mark_avx512)
}

AVX512 static size_t count_byte_avx512(const uint8_t *text, size_t count, uint8_t byte) {
  const __m512i pattern = _mm512_set1_epi8((char)byte);
  size_t total = 0;
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __mmask64 equal = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text + i), pattern);
    total += (size_t)__builtin_popcountll(equal);
  }
  return total + count_byte_scalar(text + i, count - i, byte);
}

static const ck_field_table avx2 = {field_ends_avx2, count_byte_avx2};
static const ck_field_table avx512 = {field_ends_avx512, count_byte_avx512};

#endif

const ck_field_table *ck_field_at(int level) {
  if (level < CK_PORTABLE || level > ck_level_max()) return NULL;
#if defined(__x86_64__)
  if (level == CK_AVX2) return &avx2;
  if (level == CK_AVX512) return &avx512;
#endif
  return &portable;
}
