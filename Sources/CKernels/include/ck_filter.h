#ifndef CK_FILTER_H
#define CK_FILTER_H

#include <stddef.h>
#include <stdint.h>

/// Kernels that decide which rows pass. One function per operation, one table per level.
///
/// A `range_*` kernel sets bit `i` of `out` when `lo <= values[i] && values[i] <= hi` and writes
/// `(count + 63) / 64` words, with zero bits after `count`. A NaN value is in no range, and a NaN
/// bound makes an empty one. `values` must have 64 readable bytes after its end.
typedef struct {
  void (*range_i8)(const int8_t *values, size_t count, int8_t lo, int8_t hi, uint64_t *out);
  void (*range_i16)(const int16_t *values, size_t count, int16_t lo, int16_t hi, uint64_t *out);
  void (*range_i32)(const int32_t *values, size_t count, int32_t lo, int32_t hi, uint64_t *out);
  void (*range_i64)(const int64_t *values, size_t count, int64_t lo, int64_t hi, uint64_t *out);
  void (*range_u8)(const uint8_t *values, size_t count, uint8_t lo, uint8_t hi, uint64_t *out);
  void (*range_u16)(const uint16_t *values, size_t count, uint16_t lo, uint16_t hi,
                    uint64_t *out);
  void (*range_u32)(const uint32_t *values, size_t count, uint32_t lo, uint32_t hi,
                    uint64_t *out);
  void (*range_f32)(const float *values, size_t count, float lo, float hi, uint64_t *out);
  void (*range_f64)(const double *values, size_t count, double lo, double hi, uint64_t *out);

  /// Sets bit `i` of `out` when `table[codes[i]]` is not zero. Every code must be below the length
  /// of `table` and below 2^31, and `table` must have three readable bytes after its end. Codes
  /// after `count` are not looked up.
  void (*member_u32)(const uint32_t *codes, size_t count, const uint8_t *table, uint64_t *out);

  /// The same for codes of one byte and a table of 256 bytes.
  void (*member_u8)(const uint8_t *codes, size_t count, const uint8_t *table, uint64_t *out);

  /// Writes the positions of the set bits, ascending, and returns how many there are. `out` must
  /// have room for them and 16 more.
  size_t (*row_ids)(const uint64_t *words, size_t word_count, uint32_t *out);

  /// Word by word; `out` may be one of the inputs.
  void (*and_words)(const uint64_t *a, const uint64_t *b, size_t word_count, uint64_t *out);
  void (*or_words)(const uint64_t *a, const uint64_t *b, size_t word_count, uint64_t *out);
  /// `a` and not `b`.
  void (*and_not_words)(const uint64_t *a, const uint64_t *b, size_t word_count, uint64_t *out);
  size_t (*popcount)(const uint64_t *words, size_t word_count);
} ck_filter_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_filter_table *ck_filter_at(int level);

#endif
