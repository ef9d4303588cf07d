#include "ck_rowtable.h"

#include <string.h>

#define BODY static inline __attribute__((always_inline))

// Codes between asking for a slot and reading it: more than a core can wait for at once, so that it
// always waits for as many.
#define AHEAD 32

BODY uint64_t load_word(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

BODY void store_word(uint8_t *at, uint64_t word) { memcpy(at, &word, sizeof word); }

// The kind of a table, known when a body is compiled.
typedef struct {
  size_t words;
  bool has_sequences;
} kind;

BODY size_t stride_of(kind k) { return 8 * k.words + (k.has_sequences ? 8 : 0) + 4; }

BODY uint32_t handle_of(const uint8_t *slot, kind k) {
  uint32_t handle;
  memcpy(&handle, slot + stride_of(k) - 4, sizeof handle);
  return handle;
}

BODY void set_handle(uint8_t *slot, kind k, uint32_t handle) {
  memcpy(slot + stride_of(k) - 4, &handle, sizeof handle);
}

BODY int64_t sequence_of(const uint8_t *slot, kind k) {
  return (int64_t)load_word(slot + 8 * k.words);
}

BODY void set_sequence(uint8_t *slot, kind k, int64_t sequence) {
  store_word(slot + 8 * k.words, (uint64_t)sequence);
}

BODY void empty(uint8_t *slot, kind k) { memset(slot, 0xFF, stride_of(k)); }

// The finaliser of SplitMix64 with a secret in place of its first constant: every step can be
// undone, so different words stay different.
BODY uint64_t scrambled(const ck_row_table *table, uint64_t word) {
  word ^= table->mask;
  word = (word ^ word >> 32) * table->factor;
  word = (word ^ word >> 29) * 0x94D049BB133111EBu;
  return word ^ word >> 31;
}

// A shift by 64, of a table that has one shard, is done in two steps.
BODY ck_row_shard *shard_for(const ck_row_table *table, uint64_t hash) {
  return &table->shards[table->directory[hash >> 1 >> (63 - table->depth)]];
}

BODY size_t home_in(const ck_row_shard *shard, uint64_t hash) {
  return (size_t)((unsigned __int128)(hash << shard->depth) * shard->home_count >> 64);
}

// A code on its way: its words, the first one scrambled.
typedef struct {
  uint64_t hash;
  uint64_t rest;
} wanted;

BODY bool is_wanted(const uint8_t *slot, wanted code, kind k) {
  return load_word(slot) == code.hash && (k.words == 1 || load_word(slot + 8) == code.rest);
}

// The first slot that is not smaller than the code: the one that has it, or where it belongs. An
// empty slot is greater than all codes but one, to which it is equal.
BODY uint8_t *slot_for(const ck_row_shard *shard, wanted code, kind k) {
  uint8_t *slot = shard->slots + home_in(shard, code.hash) * stride_of(k);
  if (k.words == 1) {
    while (load_word(slot) < code.hash) slot += stride_of(k);
  } else {
    for (;; slot += stride_of(k)) {
      uint64_t word = load_word(slot);
      if (word > code.hash || (word == code.hash && load_word(slot + 8) >= code.rest)) break;
    }
  }
  return slot;
}

// Makes room at a slot by moving those before the next empty one; false when there is none.
BODY bool make_room(ck_row_shard *shard, uint8_t *slot, kind k) {
  uint8_t *const end = shard->slots + shard->slot_count * stride_of(k);
  uint8_t *free = slot;
  while (handle_of(free, k) != CK_ROW_NONE) free += stride_of(k);
  if (free == end) return false;
  memmove(slot + stride_of(k), slot, (size_t)(free - slot));
  return true;
}

// Removes an entry and moves those behind it that are not at their homes.
BODY void remove_entry(ck_row_shard *shard, uint8_t *slot, kind k) {
  size_t index = (size_t)(slot - shard->slots) / stride_of(k) + 1;
  uint8_t *end = slot + stride_of(k);
  while (handle_of(end, k) != CK_ROW_NONE && home_in(shard, load_word(end)) < index) {
    end += stride_of(k);
    index++;
  }
  memmove(slot, slot + stride_of(k), (size_t)(end - slot) - stride_of(k));
  empty(end - stride_of(k), k);
  shard->count--;
}

// Hashes a code and asks for the two cache lines in which it probably lies.
BODY uint64_t announce(const ck_row_table *table, const uint64_t *code, kind k) {
  uint64_t hash = scrambled(table, *code);
  const ck_row_shard *shard = shard_for(table, hash);
  const uint8_t *slot = shard->slots + home_in(shard, hash) * stride_of(k);
  __builtin_prefetch(slot);
  __builtin_prefetch(slot + 64);
  return hash;
}

// Goes through the numbers `first..<count`, calling each code ahead of its turn.
#define FOR_CODES(first, total, place)                                                     \
  uint64_t hashes[AHEAD];                                                                  \
  for (size_t i = (first); i < (total) && i < (first) + AHEAD; i++)                        \
    hashes[i % AHEAD] = announce(table, codes + (place(i)) * k.words, k);                  \
  for (size_t i = (first); i < (total); i++)

#define NEXT_CODE(total, place)                                                            \
  wanted code = {hashes[i % AHEAD], k.words == 1 ? 0 : codes[(place(i)) * k.words + 1]};   \
  if ((total) - i > AHEAD)                                                                 \
    hashes[i % AHEAD] = announce(table, codes + (place(i + AHEAD)) * k.words, k);

#define FORWARD(i) (i)

BODY void find_body(const ck_row_table *table, const uint64_t *codes, size_t count,
                    uint32_t *handles, int64_t *sequences, kind k) {
  FOR_CODES(0, count, FORWARD) {
    NEXT_CODE(count, FORWARD)
    const uint8_t *slot = slot_for(shard_for(table, code.hash), code, k);
    bool is_found = is_wanted(slot, code, k) && handle_of(slot, k) != CK_ROW_NONE;
    handles[i] = is_found ? handle_of(slot, k) : CK_ROW_NONE;
    if (k.has_sequences && sequences) sequences[i] = is_found ? sequence_of(slot, k) : 0;
  }
}

// Adds an entry that is not there; false when its shard has no room for it.
BODY bool add_entry(ck_row_table *table, ck_row_shard *shard, uint8_t *slot, wanted code,
                    uint32_t handle, int64_t sequence, kind k) {
  if (shard->count >= shard->count_max || !make_room(shard, slot, k)) return false;
  store_word(slot, code.hash);
  if (k.words == 2) store_word(slot + 8, code.rest);
  if (k.has_sequences) set_sequence(slot, k, sequence);
  set_handle(slot, k, handle);
  shard->count++;
  table->count++;
  return true;
}

BODY void take_entry(ck_row_table *table, ck_row_shard *shard, uint8_t *slot, kind k) {
  remove_entry(shard, slot, k);
  table->count--;
}

BODY bool exchange_body(ck_row_table *table, ck_row_changes *changes, kind k) {
  const uint64_t *const codes = changes->codes;
  const size_t count = changes->count;
  FOR_CODES(changes->done, count, FORWARD) {
    NEXT_CODE(count, FORWARD)
    uint32_t handle = changes->handles ? changes->handles[i] : changes->first_handle + (uint32_t)i;
    int64_t sequence = k.has_sequences && changes->sequences ? changes->sequences[i] : INT64_MIN;
    ck_row_shard *shard = shard_for(table, code.hash);
    uint8_t *slot = slot_for(shard, code, k);
    uint32_t previous = is_wanted(slot, code, k) ? handle_of(slot, k) : CK_ROW_NONE;
    int64_t stored = k.has_sequences && previous != CK_ROW_NONE ? sequence_of(slot, k) : 0;
    bool is_lost = false;
    if (previous == CK_ROW_NONE) {
      if (handle != CK_ROW_NONE && !add_entry(table, shard, slot, code, handle, sequence, k)) {
        changes->done = i;
        return false;
      }
    } else if (k.has_sequences && stored > sequence) {
      is_lost = true;
      changes->lost_count++;
    } else if (handle == CK_ROW_NONE) {
      take_entry(table, shard, slot, k);
    } else {
      set_handle(slot, k, handle);
      if (k.has_sequences) set_sequence(slot, k, sequence);
    }
    changes->previous[i] = previous;
    if (k.has_sequences && changes->previous_sequences) changes->previous_sequences[i] = stored;
    if (changes->lost) changes->lost[i] = is_lost;
  }
  changes->done = count;
  return true;
}

#define EITHER_WAY(i) (changes->is_reversed ? count - 1 - (i) : (i))

BODY bool set_body(ck_row_table *table, ck_row_changes *changes, kind k) {
  const uint64_t *const codes = changes->codes;
  const size_t count = changes->count;
  FOR_CODES(changes->done, count, EITHER_WAY) {
    NEXT_CODE(count, EITHER_WAY)
    const size_t row = EITHER_WAY(i);
    if (changes->skipped && changes->skipped[row]) continue;
    uint32_t handle = changes->handles[row];
    bool has_sequence = k.has_sequences && changes->sequences;
    int64_t sequence = has_sequence ? changes->sequences[row] : INT64_MIN;
    ck_row_shard *shard = shard_for(table, code.hash);
    uint8_t *slot = slot_for(shard, code, k);
    if (!is_wanted(slot, code, k) || handle_of(slot, k) == CK_ROW_NONE) {
      if (handle != CK_ROW_NONE && !add_entry(table, shard, slot, code, handle, sequence, k)) {
        changes->done = i;
        return false;
      }
    } else if (handle == CK_ROW_NONE) {
      take_entry(table, shard, slot, k);
    } else {
      set_handle(slot, k, handle);
      if (has_sequence) set_sequence(slot, k, sequence);
    }
  }
  changes->done = count;
  return true;
}

BODY size_t replace_body(ck_row_table *table, const uint64_t *codes, size_t count,
                         const uint32_t *expected, const uint32_t *handles, kind k) {
  size_t replaced = 0;
  FOR_CODES(0, count, FORWARD) {
    NEXT_CODE(count, FORWARD)
    ck_row_shard *shard = shard_for(table, code.hash);
    uint8_t *slot = slot_for(shard, code, k);
    if (!is_wanted(slot, code, k)) continue;
    uint32_t present = handle_of(slot, k);
    if (present == CK_ROW_NONE || present != expected[i]) continue;
    replaced++;
    if (handles[i] == CK_ROW_NONE) {
      take_entry(table, shard, slot, k);
    } else {
      set_handle(slot, k, handles[i]);
    }
  }
  return replaced;
}

BODY bool copy_body(const ck_row_shard *source, size_t from, size_t to, ck_row_shard *target,
                    kind k) {
  const size_t stride = stride_of(k);
  const uint8_t *const end = source->slots + to * stride;
  uint8_t *const full = target->slots + target->slot_count * stride;
  uint8_t *next = target->slots;
  uint64_t count = 0;
  for (const uint8_t *slot = source->slots + from * stride; slot < end; slot += stride) {
    if (handle_of(slot, k) == CK_ROW_NONE) continue;
    uint8_t *home = target->slots + home_in(target, load_word(slot)) * stride;
    for (; next < home; next += stride) empty(next, k);
    if (next == full) return false;
    memcpy(next, slot, stride);
    next += stride;
    count++;
  }
  for (; next <= full; next += stride) empty(next, k);
  target->count = count;
  return true;
}

BODY size_t middle_body(const ck_row_shard *shard, uint64_t *lower_count, kind k) {
  size_t index = 0;
  *lower_count = 0;
  for (; index < shard->slot_count; index++) {
    const uint8_t *slot = shard->slots + index * stride_of(k);
    if (handle_of(slot, k) == CK_ROW_NONE) continue;
    if (load_word(slot) >> (63 - shard->depth) & 1) break;
    ++*lower_count;
  }
  return index;
}

// Calls a body compiled for the kind of the table.
#define DISPATCH(body, ...)                                             \
  (table->word_count == 1                                               \
       ? (table->has_sequences ? body(__VA_ARGS__, (kind){1, true})     \
                               : body(__VA_ARGS__, (kind){1, false}))   \
       : (table->has_sequences ? body(__VA_ARGS__, (kind){2, true})     \
                               : body(__VA_ARGS__, (kind){2, false})))

size_t ck_row_stride(const ck_row_table *table) {
  return stride_of((kind){table->word_count, table->has_sequences});
}

void ck_row_clear(const ck_row_table *table, ck_row_shard *shard) {
  memset(shard->slots, 0xFF, (shard->slot_count + 1) * ck_row_stride(table));
  shard->count = 0;
}

uint32_t ck_row_shard_of(const ck_row_table *table, const uint64_t *code) {
  return (uint32_t)(shard_for(table, scrambled(table, *code)) - table->shards);
}

bool ck_row_copy(const ck_row_table *table, const ck_row_shard *source, size_t from, size_t to,
                 ck_row_shard *target) {
  return DISPATCH(copy_body, source, from, to, target);
}

size_t ck_row_middle(const ck_row_table *table, const ck_row_shard *shard, uint64_t *lower_count) {
  return DISPATCH(middle_body, shard, lower_count);
}

void ck_row_find(const ck_row_table *table, const uint64_t *codes, size_t count,
                 uint32_t *handles, int64_t *sequences) {
  DISPATCH(find_body, table, codes, count, handles, sequences);
}

bool ck_row_exchange(ck_row_table *table, ck_row_changes *changes) {
  return DISPATCH(exchange_body, table, changes);
}

bool ck_row_set(ck_row_table *table, ck_row_changes *changes) {
  return DISPATCH(set_body, table, changes);
}

size_t ck_row_replace(ck_row_table *table, const uint64_t *codes, size_t count,
                      const uint32_t *expected, const uint32_t *handles) {
  return DISPATCH(replace_body, table, codes, count, expected, handles);
}
