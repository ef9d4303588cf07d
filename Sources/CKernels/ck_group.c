#include "ck_group.h"

#include "ck_level.h"

// Two ways to add rows to groups. With few groups each block of 64 rows is folded once per group
// under the mask of its rows, which costs no memory access per row; with more, or without masks in
// the instruction set, each row is added to the total of its group.

#define BODY static inline __attribute__((always_inline))

BODY uint64_t select_word(const uint64_t *words, size_t row, size_t count) {
  if (words) return words[row / 64];
  return count - row >= 64 ? ~0ull : (1ull << (count - row)) - 1;
}

BODY void map_body(const uint8_t *bytes, size_t count, const uint8_t *table, uint8_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = table[bytes[i]];
}

BODY void map_add_body(const uint8_t *bytes, size_t count, const uint8_t *table, uint8_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(out[i] + table[bytes[i]]);
}

BODY int any_body(const uint8_t *bytes, size_t count, const uint64_t *words, uint8_t byte) {
  for (size_t row = 0; row < count; row += 64) {
    for (uint64_t word = select_word(words, row, count); word != 0; word &= word - 1) {
      if (bytes[row + (size_t)__builtin_ctzll(word)] == byte) return 1;
    }
  }
  return 0;
}

// Adds the rows of one block one by one.
#define SCATTER(statement)                                             \
  if (word == ~0ull) {                                                 \
    for (size_t i = row; i < row + 64; i++) statement;                 \
  } else {                                                             \
    for (uint64_t rest = word; rest != 0; rest &= rest - 1) {          \
      size_t i = row + (size_t)__builtin_ctzll(rest);                  \
      statement;                                                       \
    }                                                                  \
  }

#define SCATTER_ALL(statement)                                         \
  for (size_t row = 0; row < count; row += 64) {                       \
    uint64_t word = select_word(words, row, count);                    \
    SCATTER(statement)                                                 \
  }

BODY void counts_body(const uint8_t *groups, size_t count, const uint64_t *words,
                      uint64_t *totals) {
  SCATTER_ALL(totals[groups[i]]++)
}

#define SUMS_BODY(suffix, type)                                                               \
  BODY void sums_##suffix##_body(const type *values, const uint8_t *groups, size_t count,     \
                                 const uint64_t *words, uint64_t *totals) {                   \
    SCATTER_ALL(totals[groups[i]] += values[i])                                               \
  }

SUMS_BODY(u8, uint8_t)
SUMS_BODY(u16, uint16_t)
SUMS_BODY(u32, uint32_t)

BODY void add_parts(ck_sum_parts *total, int64_t value) {
  total->low += (uint32_t)value;
  total->high += value >> 32;
}

BODY void sums_i64_body(const int64_t *values, const uint8_t *groups, size_t count,
                        const uint64_t *words, ck_sum_parts *totals) {
  SCATTER_ALL(add_parts(&totals[groups[i]], values[i]))
}

#define INSTANTIATE_MAPS(level, target)                                                        \
  target static void map_##level(const uint8_t *bytes, size_t count, const uint8_t *table,     \
                                 uint8_t *out) {                                               \
    map_body(bytes, count, table, out);                                                        \
  }                                                                                            \
  target static void map_add_##level(const uint8_t *bytes, size_t count, const uint8_t *table, \
                                     uint8_t *out) {                                           \
    map_add_body(bytes, count, table, out);                                                    \
  }                                                                                            \
  target static int any_##level(const uint8_t *bytes, size_t count, const uint64_t *words,     \
                                uint8_t byte) {                                                \
    return any_body(bytes, count, words, byte);                                                \
  }

#define INSTANTIATE_SUM(suffix, type, total, level, target)                                    \
  target static void sums_##suffix##_##level(const type *values, const uint8_t *groups,        \
                                             size_t count, const uint64_t *words,              \
                                             size_t group_count, total *totals) {              \
    (void)group_count;                                                                         \
    sums_##suffix##_body(values, groups, count, words, totals);                                \
  }

#define INSTANTIATE_SUMS(level, target)                                                        \
  target static void counts_##level(const uint8_t *groups, size_t count,                       \
                                    const uint64_t *words, size_t group_count,                 \
                                    uint64_t *totals) {                                        \
    (void)group_count;                                                                         \
    counts_body(groups, count, words, totals);                                                 \
  }                                                                                            \
  INSTANTIATE_SUM(u8, uint8_t, uint64_t, level, target)                                        \
  INSTANTIATE_SUM(u16, uint16_t, uint64_t, level, target)                                      \
  INSTANTIATE_SUM(u32, uint32_t, uint64_t, level, target)                                      \
  INSTANTIATE_SUM(i64, int64_t, ck_sum_parts, level, target)

INSTANTIATE_MAPS(portable, )
INSTANTIATE_SUMS(portable, )

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512                                                                               \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx2,bmi,bmi2,popcnt")))

INSTANTIATE_MAPS(avx2, AVX2)
INSTANTIATE_SUMS(avx2, AVX2)

// Above this many groups a pass under a mask for each costs more than an addition per row.
#define MASKED_GROUPS_MAX 16

// A table of 256 bytes is four registers; a permutation looks up in two of them by seven bits.
typedef struct {
  __m512i part[4];
} byte_table;

AVX512 BODY byte_table load_table(const uint8_t *table) {
  byte_table loaded;
  for (int i = 0; i < 4; i++) loaded.part[i] = _mm512_loadu_si512(table + 64 * i);
  return loaded;
}

AVX512 BODY __m512i look_up(byte_table table, __m512i bytes) {
  __m512i low = _mm512_permutex2var_epi8(table.part[0], bytes, table.part[1]);
  __m512i high = _mm512_permutex2var_epi8(table.part[2], bytes, table.part[3]);
  return _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high);
}

AVX512 static void map_avx512(const uint8_t *bytes, size_t count, const uint8_t *table,
                              uint8_t *out) {
  const byte_table loaded = load_table(table);
  size_t row = 0;
  for (; row + 64 <= count; row += 64) {
    _mm512_storeu_si512(out + row, look_up(loaded, _mm512_loadu_si512(bytes + row)));
  }
  map_body(bytes + row, count - row, table, out + row);
}

AVX512 static void map_add_avx512(const uint8_t *bytes, size_t count, const uint8_t *table,
                                  uint8_t *out) {
  const byte_table loaded = load_table(table);
  size_t row = 0;
  for (; row + 64 <= count; row += 64) {
    __m512i added = look_up(loaded, _mm512_loadu_si512(bytes + row));
    _mm512_storeu_si512(out + row, _mm512_add_epi8(_mm512_loadu_si512(out + row), added));
  }
  map_add_body(bytes + row, count - row, table, out + row);
}

AVX512 static int any_avx512(const uint8_t *bytes, size_t count, const uint64_t *words,
                             uint8_t byte) {
  const __m512i wanted = _mm512_set1_epi8((char)byte);
  for (size_t row = 0; row < count; row += 64) {
    uint64_t word = select_word(words, row, count);
    if (word & _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(bytes + row), wanted)) return 1;
  }
  return 0;
}

// The rows of a block of 64 that count and belong to group `g`.
#define MASK_OF(g) \
  (word & _mm512_cmpeq_epi8_mask(numbers, _mm512_set1_epi8((char)(g))))

AVX512 static void counts_avx512(const uint8_t *groups, size_t count, const uint64_t *words,
                                 size_t group_count, uint64_t *totals) {
  if (group_count > MASKED_GROUPS_MAX) return counts_body(groups, count, words, totals);
  for (size_t row = 0; row < count; row += 64) {
    uint64_t word = select_word(words, row, count);
    __m512i numbers = _mm512_loadu_si512(groups + row);
    for (size_t g = 0; g < group_count; g++) totals[g] += (uint64_t)_mm_popcnt_u64(MASK_OF(g));
  }
}

// Masked loads touch no lane that does not count, so the last block may end early.
#define MASKED_SUMS(suffix, type, fold)                                                        \
  AVX512 static void sums_##suffix##_avx512(const type *values, const uint8_t *groups,         \
                                            size_t count, const uint64_t *words,               \
                                            size_t group_count, uint64_t *totals) {            \
    if (group_count > MASKED_GROUPS_MAX) {                                                     \
      return sums_##suffix##_body(values, groups, count, words, totals);                       \
    }                                                                                          \
    __m512i sums[MASKED_GROUPS_MAX];                                                           \
    for (size_t g = 0; g < group_count; g++) sums[g] = _mm512_setzero_si512();                 \
    for (size_t row = 0; row < count; row += 64) {                                             \
      uint64_t word = select_word(words, row, count);                                          \
      __m512i numbers = _mm512_loadu_si512(groups + row);                                      \
      const type *block = values + row;                                                        \
      for (size_t g = 0; g < group_count; g++) {                                               \
        uint64_t mask = MASK_OF(g);                                                            \
        if (mask != 0) sums[g] = fold(sums[g], mask, block);                                   \
      }                                                                                        \
    }                                                                                          \
    for (size_t g = 0; g < group_count; g++) {                                                 \
      totals[g] += (uint64_t)_mm512_reduce_add_epi64(sums[g]);                                 \
    }                                                                                          \
  }

AVX512 BODY __m512i fold_u8(__m512i sum, uint64_t mask, const uint8_t *block) {
  __m512i bytes = _mm512_maskz_loadu_epi8(mask, block);
  return _mm512_add_epi64(sum, _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
}

// The sums of the low and of the high bytes, apart.
AVX512 BODY __m512i fold_u16(__m512i sum, uint64_t mask, const uint16_t *block) {
  const __m512i zero = _mm512_setzero_si512(), low_byte = _mm512_set1_epi16(0xFF);
  for (int half = 0; half < 2; half++) {
    __m512i v = _mm512_maskz_loadu_epi16((__mmask32)(mask >> (32 * half)), block + 32 * half);
    __m512i low = _mm512_sad_epu8(_mm512_and_si512(v, low_byte), zero);
    __m512i high = _mm512_sad_epu8(_mm512_srli_epi16(v, 8), zero);
    sum = _mm512_add_epi64(sum, _mm512_add_epi64(low, _mm512_slli_epi64(high, 8)));
  }
  return sum;
}

AVX512 BODY __m512i fold_u32(__m512i sum, uint64_t mask, const uint32_t *block) {
  const __m512i low_half = _mm512_set1_epi64(0xFFFFFFFF);
  __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
  for (int part = 0; part < 4; part++) {
    __m512i v = _mm512_maskz_loadu_epi32((__mmask16)(mask >> (16 * part)), block + 16 * part);
    even = _mm512_add_epi64(even, _mm512_and_si512(v, low_half));
    odd = _mm512_add_epi64(odd, _mm512_srli_epi64(v, 32));
  }
  return _mm512_add_epi64(sum, _mm512_add_epi64(even, odd));
}

MASKED_SUMS(u8, uint8_t, fold_u8)
MASKED_SUMS(u16, uint16_t, fold_u16)
MASKED_SUMS(u32, uint32_t, fold_u32)

AVX512 static void sums_i64_avx512(const int64_t *values, const uint8_t *groups, size_t count,
                                   const uint64_t *words, size_t group_count,
                                   ck_sum_parts *totals) {
  if (group_count > MASKED_GROUPS_MAX) return sums_i64_body(values, groups, count, words, totals);
  const __m512i low_half = _mm512_set1_epi64(0xFFFFFFFF);
  __m512i lows[MASKED_GROUPS_MAX], highs[MASKED_GROUPS_MAX];
  for (size_t g = 0; g < group_count; g++) lows[g] = highs[g] = _mm512_setzero_si512();
  for (size_t row = 0; row < count; row += 64) {
    uint64_t word = select_word(words, row, count);
    __m512i numbers = _mm512_loadu_si512(groups + row);
    for (size_t g = 0; g < group_count; g++) {
      uint64_t mask = MASK_OF(g);
      if (mask == 0) continue;
      __m512i low = lows[g], high = highs[g];
      for (int part = 0; part < 8; part++) {
        __m512i v =
            _mm512_maskz_loadu_epi64((__mmask8)(mask >> (8 * part)), values + row + 8 * part);
        low = _mm512_add_epi64(low, _mm512_and_si512(v, low_half));
        high = _mm512_add_epi64(high, _mm512_srai_epi64(v, 32));
      }
      lows[g] = low;
      highs[g] = high;
    }
  }
  for (size_t g = 0; g < group_count; g++) {
    totals[g].low += (uint64_t)_mm512_reduce_add_epi64(lows[g]);
    totals[g].high += _mm512_reduce_add_epi64(highs[g]);
  }
}
#endif

#define TABLE(level)                                                                        \
  {                                                                                         \
    map_##level, map_add_##level, any_##level, counts_##level, sums_u8_##level,             \
        sums_u16_##level, sums_u32_##level, sums_i64_##level                                \
  }

static const ck_group_table tables[] = {
    TABLE(portable),
#if defined(__x86_64__)
    TABLE(avx2),
    TABLE(avx512),
#endif
};

const ck_group_table *ck_group_at(int level) {
  return level >= CK_PORTABLE && level <= ck_level_max() ? &tables[level] : 0;
}
