#ifndef CK_GROUP_H
#define CK_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "ck_aggregate.h"

/// Kernels for grouping by few groups, whose numbers are bytes. One function per operation, one
/// table per level.
///
/// `words` is a bitmap of the rows that count, with zero bits after `count`, or NULL for all rows.
/// Inputs must have 64 readable bytes after their end.
typedef struct {
  /// `table[bytes[i]]`, the table having 256 bytes; `out` may be `bytes`.
  void (*map_u8)(const uint8_t *bytes, size_t count, const uint8_t *table, uint8_t *out);
  /// Adds `table[bytes[i]]` to `out[i]`, modulo 2^8.
  void (*map_add_u8)(const uint8_t *bytes, size_t count, const uint8_t *table, uint8_t *out);
  /// Whether a row that counts has this byte.
  int (*any_u8)(const uint8_t *bytes, size_t count, const uint64_t *words, uint8_t byte);

  /// Adds to `totals[g]`, for each row that counts and has the group g, one or its value. Every
  /// such group must be less than `group_count`; those of other rows are not looked at.
  void (*counts)(const uint8_t *groups, size_t count, const uint64_t *words, size_t group_count,
                 uint64_t *totals);
  void (*sums_u8)(const uint8_t *values, const uint8_t *groups, size_t count,
                  const uint64_t *words, size_t group_count, uint64_t *totals);
  void (*sums_u16)(const uint16_t *values, const uint8_t *groups, size_t count,
                   const uint64_t *words, size_t group_count, uint64_t *totals);
  void (*sums_u32)(const uint32_t *values, const uint8_t *groups, size_t count,
                   const uint64_t *words, size_t group_count, uint64_t *totals);
  void (*sums_i64)(const int64_t *values, const uint8_t *groups, size_t count,
                   const uint64_t *words, size_t group_count, ck_sum_parts *totals);
} ck_group_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_group_table *ck_group_at(int level);

#endif
