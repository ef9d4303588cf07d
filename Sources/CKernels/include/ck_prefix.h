#ifndef CK_PREFIX_H
#define CK_PREFIX_H

#include <stddef.h>
#include <stdint.h>

/// Prefix sums, which turn differences between neighbours back into values. Each function replaces
/// `values[i]` by `start + values[0] + ... + values[i]`, modulo the type. One table per level.
typedef struct {
  void (*sum_u8)(uint8_t *values, size_t count, uint8_t start);
  void (*sum_u16)(uint16_t *values, size_t count, uint16_t start);
  void (*sum_u32)(uint32_t *values, size_t count, uint32_t start);
  void (*sum_u64)(uint64_t *values, size_t count, uint64_t start);
} ck_prefix_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_prefix_table *ck_prefix_at(int level);

#endif
