#ifndef CK_ROWTABLE_H
#define CK_ROWTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// From codes of one or two 64-bit words to 32-bit handles of rows: ordered hash tables with linear
// probing. After "Ordered hash tables" (Amble, Knuth, The Computer Journal 17(2), 1974).
//
// The first word of a code is scrambled by a bijection, so that equal scrambled words are equal
// words and nothing else need be kept. The slots of a shard are in ascending order of the scrambled
// code, each at or behind its home, which is proportional to the code: a search ends at the first
// slot that is not smaller, and copying a shard into one of another size reads and writes front to
// back. A slot lies at no particular alignment: the words, then the sequence if there is one, then
// the handle. All words of an empty slot are ones, and so is its handle.
//
// The caller owns the memory. One thread at a time may call those that change a table.

/// The handle of no row.
#define CK_ROW_NONE UINT32_MAX

/// The part of a table whose scrambled codes begin with the same `depth` bits.
typedef struct {
  /// `slot_count` slots and another one that is always empty.
  uint8_t *slots;
  /// Slots that can be a home, the first ones.
  size_t home_count;
  size_t slot_count;
  /// Slots in use, and how many may be.
  uint64_t count;
  uint64_t count_max;
  /// For the owner: how many entries make it worth splitting.
  uint64_t split_count;
  uint32_t depth;
} ck_row_shard;

typedef struct {
  ck_row_shard *shards;
  /// The shard for the first `depth` bits of a scrambled code.
  const uint32_t *directory;
  uint32_t depth;
  /// Words of a code, 1 or 2.
  uint32_t word_count;
  /// Whether entries have a sequence.
  bool has_sequences;
  /// The secret of the scrambling; the factor is odd.
  uint64_t mask;
  uint64_t factor;
  /// Entries of all shards.
  uint64_t count;
} ck_row_table;

/// Bytes of a slot.
size_t ck_row_stride(const ck_row_table *table);

/// Makes `slot_count + 1` slots empty.
void ck_row_clear(const ck_row_table *table, ck_row_shard *shard);

/// The shard for a code.
uint32_t ck_row_shard_of(const ck_row_table *table, const uint64_t *code);

/// Copies the entries in slots `from..<to` of a shard into an empty one with another depth or other
/// counts of homes and slots; false, with any content, when it has too few slots.
bool ck_row_copy(const ck_row_table *table, const ck_row_shard *source, size_t from, size_t to,
                 ck_row_shard *target);

/// The first slot whose entry belongs into the upper half of a shard that is split, and how many
/// entries are before it.
size_t ck_row_middle(const ck_row_table *table, const ck_row_shard *shard, uint64_t *lower_count);

/// The handles of `count` codes, and their sequences (0 for none) unless that is NULL.
void ck_row_find(const ck_row_table *table, const uint64_t *codes, size_t count,
                 uint32_t *handles, int64_t *sequences);

/// Changes to a table, one for each of `count` codes.
typedef struct {
  const uint64_t *codes;
  size_t count;
  /// NULL for `first_handle`, `first_handle + 1`, …
  const uint32_t *handles;
  uint32_t first_handle;
  const int64_t *sequences;
  /// What `ck_row_exchange` found; the last two may be NULL.
  uint32_t *previous;
  int64_t *previous_sequences;
  bool *lost;
  size_t lost_count;
  /// For `ck_row_set`: rows to leave out, or NULL; and whether the last row comes first.
  const bool *skipped;
  bool is_reversed;
  /// How many changes have been made.
  size_t done;
} ck_row_changes;

/// Gives codes new handles and says which they had, those with sequences only if the one stored is
/// not greater. False when the shard of change `done` needs room before that can be made.
bool ck_row_exchange(ck_row_table *table, ck_row_changes *changes);

/// Gives codes handles, or takes their entries away where the handle is none. Without sequences, an
/// entry keeps its own, and a new one has the least. False as before.
bool ck_row_set(ck_row_table *table, ck_row_changes *changes);

/// Gives codes another handle, or takes their entries away where it is none, but only if they have
/// the expected one. Returns how many had.
size_t ck_row_replace(ck_row_table *table, const uint64_t *codes, size_t count,
                      const uint32_t *expected, const uint32_t *handles);

#endif
