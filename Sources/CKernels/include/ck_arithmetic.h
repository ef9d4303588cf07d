#ifndef CK_ARITHMETIC_H
#define CK_ARITHMETIC_H

#include <stddef.h>
#include <stdint.h>

/// Kernels that compute a column from others, modulo 2^64 unless told otherwise. One function per
/// operation, one table per level. `out` may be one of the inputs and has room for `count` values.
typedef struct {
  /// `values[i] * factor + addend`.
  void (*linear_i64)(const int64_t *values, size_t count, int64_t factor, int64_t addend,
                     int64_t *out);
  void (*add_i64)(const int64_t *a, const int64_t *b, size_t count, int64_t *out);
  void (*multiply_i64)(const int64_t *a, const int64_t *b, size_t count, int64_t *out);

  /// `lanes[i] * scale + offset`, in the width of the result.
  void (*affine_u8_u32)(const uint8_t *lanes, size_t count, uint32_t scale, uint32_t offset,
                        uint32_t *out);
  void (*affine_u16_u32)(const uint16_t *lanes, size_t count, uint32_t scale, uint32_t offset,
                         uint32_t *out);
  void (*affine_u32_u32)(const uint32_t *lanes, size_t count, uint32_t scale, uint32_t offset,
                         uint32_t *out);
  void (*affine_u8_u64)(const uint8_t *lanes, size_t count, uint64_t scale, uint64_t offset,
                        uint64_t *out);
  void (*affine_u16_u64)(const uint16_t *lanes, size_t count, uint64_t scale, uint64_t offset,
                         uint64_t *out);
  void (*affine_u32_u64)(const uint32_t *lanes, size_t count, uint64_t scale, uint64_t offset,
                         uint64_t *out);
  /// Modulo 2^32.
  void (*add_u32)(const uint32_t *a, const uint32_t *b, size_t count, uint32_t *out);
  void (*multiply_u32)(const uint32_t *a, const uint32_t *b, size_t count, uint32_t *out);
  /// The whole product; `out` is neither of the inputs.
  void (*multiply_wide_u32)(const uint32_t *a, const uint32_t *b, size_t count, uint64_t *out);
} ck_arithmetic_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_arithmetic_table *ck_arithmetic_at(int level);

#endif
