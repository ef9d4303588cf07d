#include "ck_keycode.h"

#include <string.h>

#define BODY static inline __attribute__((always_inline))

BODY uint64_t folded(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

BODY int is_null(const uint64_t *nulls, size_t row) {
  return nulls && (nulls[row / 64] >> (row % 64) & 1);
}

BODY void fold(const uint64_t *numbers, uint64_t a, uint64_t b, uint64_t *lanes) {
  lanes[0] = folded(lanes[0] ^ a, numbers[0]);
  lanes[1] = folded(lanes[1] ^ b, numbers[1]);
}

void ck_key_start(const ck_key_secret *secret, size_t count, uint64_t *lanes) {
  for (size_t i = 0; i < count; i++) memcpy(lanes + 2 * i, secret->start, 16);
}

#define FOLD_VALUES(type, bits)                                     \
  {                                                                 \
    const type *typed = values;                                     \
    for (size_t i = 0; i < count; i++) {                            \
      if (is_null(nulls, i)) {                                      \
        fold(secret->null, 0, 0, lanes + 2 * i);                    \
        continue;                                                   \
      }                                                             \
      uint64_t word = bits(typed[i]);                               \
      fold(secret->value, word, word, lanes + 2 * i);               \
    }                                                               \
    return;                                                         \
  }

BODY uint64_t extended(int64_t value) { return (uint64_t)value; }

BODY void fold_wide(const ck_key_secret *secret, const uint64_t *halves, const uint64_t *nulls,
                    size_t count, uint64_t *lanes) {
  for (size_t i = 0; i < count; i++) {
    if (is_null(nulls, i)) {
      fold(secret->null, 0, 0, lanes + 2 * i);
    } else {
      fold(secret->value, halves[2 * i], halves[2 * i], lanes + 2 * i);
      fold(secret->value, halves[2 * i + 1], halves[2 * i + 1], lanes + 2 * i);
    }
  }
}

void ck_key_fold_integers(const ck_key_secret *secret, const void *values, size_t width,
                          const uint64_t *nulls, size_t count, uint64_t *lanes) {
  switch (width) {
    case 1: FOLD_VALUES(int8_t, extended)
    case 2: FOLD_VALUES(int16_t, extended)
    case 4: FOLD_VALUES(int32_t, extended)
    case 8: FOLD_VALUES(int64_t, extended)
    default: fold_wide(secret, values, nulls, count, lanes);
  }
}

BODY uint64_t number_bits(double number) {
  if (number != number) return 0x7FF8000000000000u;
  number += 0.0;  // The negative zero becomes the other one.
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

void ck_key_fold_floating(const ck_key_secret *secret, const void *values, size_t width,
                          const uint64_t *nulls, size_t count, uint64_t *lanes) {
  if (width == 4) FOLD_VALUES(float, number_bits)
  FOLD_VALUES(double, number_bits)
}

// The length comes first, so that no string is the beginning of another; then sixteen bytes a step,
// the last ones padded with zeros.
void ck_key_texts(const ck_key_secret *secret, const uint8_t *bytes, const uint32_t *offsets,
                  const uint32_t *codes, size_t count, uint64_t *lanes) {
  for (size_t i = 0; i < count; i++) {
    const size_t number = codes ? codes[i] : i;
    const uint8_t *at = bytes + offsets[number];
    size_t left = offsets[number + 1] - offsets[number];
    uint64_t words[2], state[2];
    memcpy(state, secret->start, sizeof state);
    fold(secret->text, left, left, state);
    for (; left >= 16; left -= 16, at += 16) {
      memcpy(words, at, 16);
      state[0] = folded(state[0] ^ words[0], secret->text[0] ^ words[1]);
      state[1] = folded(state[1] ^ words[1], secret->text[1] ^ words[0]);
    }
    if (left > 0) {
      words[0] = words[1] = 0;
      memcpy(words, at, left);
      state[0] = folded(state[0] ^ words[0], secret->text[0] ^ words[1]);
      state[1] = folded(state[1] ^ words[1], secret->text[1] ^ words[0]);
    }
    memcpy(lanes + 2 * i, state, sizeof state);
  }
}

#define FOLD_TEXTS(number)                                            \
  for (size_t i = 0; i < count; i++) {                                \
    if (is_null(nulls, i)) {                                          \
      fold(secret->null, 0, 0, lanes + 2 * i);                        \
    } else {                                                          \
      const uint64_t *text = texts + 2 * (size_t)(number);            \
      fold(secret->value, text[0], text[1], lanes + 2 * i);           \
    }                                                                 \
  }

void ck_key_fold_texts(const ck_key_secret *secret, const uint64_t *texts, const void *codes,
                       size_t code_width, const uint64_t *nulls, size_t count, uint64_t *lanes) {
  if (!codes) {
    FOLD_TEXTS(i)
  } else if (code_width == 1) {
    FOLD_TEXTS(((const uint8_t *)codes)[i])
  } else {
    FOLD_TEXTS(((const uint32_t *)codes)[i])
  }
}

#define EXTEND(type)                                                                     \
  for (size_t i = 0; i < count; i++) words[i] = (uint64_t)(int64_t)((const type *)values)[i]; \
  return;

void ck_key_words(const void *values, size_t width, size_t count, uint64_t *words) {
  switch (width) {
    case 1: EXTEND(int8_t)
    case 2: EXTEND(int16_t)
    case 4: EXTEND(int32_t)
    default: EXTEND(int64_t)
  }
}
