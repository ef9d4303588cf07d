#ifndef CK_FIELDS_H
#define CK_FIELDS_H

#include <stddef.h>
#include <stdint.h>

/// What a search for the ends of fields found.
typedef struct {
  /// Positions written.
  size_t end_count;
  /// Bytes looked at: all, or a multiple of 64 when the room for positions was used up.
  size_t byte_count;
  /// Whether there was a quote among them, and a byte above 0x7F.
  int has_quote, has_high;
} ck_field_ends;

/// Kernels that look through delimited text 64 bytes at a step. One function per operation, one
/// table per level; all levels give the same result. They read exactly `count` bytes.
///
/// Marking separators in bitmaps and taking quoted stretches out by a prefix sum modulo 2 follows
/// Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (VLDB Journal 28, 2019).
typedef struct {
  /// Writes the positions of delimiters and line feeds with an even number of quotes before them,
  /// ascending. `quote` is -1 for none. `count` must be below 2^32, and `capacity`, the room in
  /// `ends`, at least 64: the search stops after the step that leaves room for fewer than 64.
  ck_field_ends (*field_ends)(const uint8_t *text, size_t count, uint8_t delimiter, int quote,
                              uint32_t *ends, size_t capacity);
  /// How often `byte` occurs.
  size_t (*count_byte)(const uint8_t *text, size_t count, uint8_t byte);
} ck_field_table;

/// The kernels of one level of `ck_level.h`; NULL when this processor lacks it.
const ck_field_table *ck_field_at(int level);

#endif
