#ifndef CK_AGGREGATE_H
#define CK_AGGREGATE_H

#include <stddef.h>
#include <stdint.h>

/// A sum of 64-bit integers in two parts that cannot overflow for fewer than 2^31 values: the sum
/// is `high * 2^32 + low`.
typedef struct {
  uint64_t low;
  int64_t high;
} ck_sum_parts;

/// The extremes of the numbers among some values; `min > max` when there were none.
typedef struct {
  int64_t min, max;
} ck_extremes_int;

/// As `ck_extremes_int`. NaN is no number: it is left out and noted in `has_nan`.
typedef struct {
  double min, max;
  int has_nan;
} ck_extremes_float;

/// Kernels that fold the rows of a page into one figure. One function per operation, one table per
/// level; every level gives bit for bit the same result, sums of floating-point numbers included
/// (they are added in eight interleaved streams).
///
/// `words` is a bitmap of the rows to fold with zero bits after `count`, or NULL for all rows.
/// `values` must have 64 readable bytes after its end. `count` must be below 2^31.
typedef struct {
  int64_t (*sum_i8)(const int8_t *values, size_t count, const uint64_t *words);
  int64_t (*sum_i16)(const int16_t *values, size_t count, const uint64_t *words);
  int64_t (*sum_i32)(const int32_t *values, size_t count, const uint64_t *words);
  ck_sum_parts (*sum_i64)(const int64_t *values, size_t count, const uint64_t *words);
  uint64_t (*sum_u8)(const uint8_t *values, size_t count, const uint64_t *words);
  uint64_t (*sum_u16)(const uint16_t *values, size_t count, const uint64_t *words);
  uint64_t (*sum_u32)(const uint32_t *values, size_t count, const uint64_t *words);
  double (*sum_f32)(const float *values, size_t count, const uint64_t *words);
  double (*sum_f64)(const double *values, size_t count, const uint64_t *words);
  ck_extremes_int (*extremes_i8)(const int8_t *values, size_t count, const uint64_t *words);
  ck_extremes_int (*extremes_i16)(const int16_t *values, size_t count, const uint64_t *words);
  ck_extremes_int (*extremes_i32)(const int32_t *values, size_t count, const uint64_t *words);
  ck_extremes_int (*extremes_i64)(const int64_t *values, size_t count, const uint64_t *words);
  ck_extremes_float (*extremes_f32)(const float *values, size_t count, const uint64_t *words);
  ck_extremes_float (*extremes_f64)(const double *values, size_t count, const uint64_t *words);
  /// The greatest of all values; 0 for none.
  uint8_t (*max_u8)(const uint8_t *values, size_t count);
  uint32_t (*max_u32)(const uint32_t *values, size_t count);
} ck_aggregate_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_aggregate_table *ck_aggregate_at(int level);

#endif
