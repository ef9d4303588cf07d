#ifndef CK_ARITHMETIC_H
#define CK_ARITHMETIC_H

#include <stddef.h>
#include <stdint.h>

/// Kernels that compute a column from others, modulo 2^64. One function per operation, one table
/// per level. `out` may be one of the inputs and has room for `count` values.
typedef struct {
  /// `values[i] * factor + addend`.
  void (*linear_i64)(const int64_t *values, size_t count, int64_t factor, int64_t addend,
                     int64_t *out);
  void (*add_i64)(const int64_t *a, const int64_t *b, size_t count, int64_t *out);
  void (*multiply_i64)(const int64_t *a, const int64_t *b, size_t count, int64_t *out);
} ck_arithmetic_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_arithmetic_table *ck_arithmetic_at(int level);

#endif
