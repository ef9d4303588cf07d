#ifndef CK_KEYCODE_H
#define CK_KEYCODE_H

#include <stddef.h>
#include <stdint.h>

// 128-bit fingerprints of keys under a secret, a column at a time: each row has two lanes of 64
// bits, one after the other, into which the values of its key columns are folded. A step is the
// folded multiplication of wyhash (Wang Yi) with a secret number, under which equal inputs stay
// equal and others collide, in both lanes, as seldom as chance. Nulls have numbers of their own.

/// All odd; by lane.
typedef struct {
  uint64_t start[2];
  uint64_t value[2];
  uint64_t null[2];
  uint64_t text[2];
} ck_key_secret;

/// The lanes of rows of which nothing has been folded.
void ck_key_start(const ck_key_secret *secret, size_t count, uint64_t *lanes);

/// Folds a column of integers of `width` 1, 2, 4, 8 or 16 bytes into the lanes. Those up to 8 bytes
/// are extended to 64 bits. Bits of `nulls`, unless it is NULL, tell null rows.
void ck_key_fold_integers(const ck_key_secret *secret, const void *values, size_t width,
                          const uint64_t *nulls, size_t count, uint64_t *lanes);

/// The same for floating-point numbers of 4 or 8 bytes; there is one zero and one NaN.
void ck_key_fold_floating(const ck_key_secret *secret, const void *values, size_t width,
                          const uint64_t *nulls, size_t count, uint64_t *lanes);

/// The lanes of byte strings, string `i` being bytes `offsets[i]..<offsets[i + 1]`: of the first
/// `count`, or of those with the numbers `codes`, unless that is NULL.
void ck_key_texts(const ck_key_secret *secret, const uint8_t *bytes, const uint32_t *offsets,
                  const uint32_t *codes, size_t count, uint64_t *lanes);

/// Folds the lanes of strings into those of rows: the string of row `i` is `codes[i]`, a number of
/// `code_width` 1 or 4 bytes, or `i` if that is NULL.
void ck_key_fold_texts(const ck_key_secret *secret, const uint64_t *texts, const void *codes,
                       size_t code_width, const uint64_t *nulls, size_t count, uint64_t *lanes);

/// Extends integers of `width` 1, 2, 4 or 8 bytes to 64 bits.
void ck_key_words(const void *values, size_t width, size_t count, uint64_t *words);

#endif
