#ifndef CK_TEXT_H
#define CK_TEXT_H

#include <stddef.h>
#include <stdint.h>

/// Kernels that look into bytes of text. One function per operation, one table per level.
typedef struct {
  /// Where the first occurrence of `needle` begins in `text`, or `count` when there is none.
  /// `needle_count` is at least 1. Reads nothing outside both.
  size_t (*find)(const uint8_t *text, size_t count, const uint8_t *needle, size_t needle_count);
} ck_text_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_text_table *ck_text_at(int level);

#endif
