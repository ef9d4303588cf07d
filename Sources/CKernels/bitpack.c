#include "ck_bitpack.h"

#include <string.h>

#include "ck_level.h"

#define BLOCK CK_BITPACK_BLOCK
#define INLINE static inline __attribute__((always_inline))

// One row of a block: a word of every lane. The compiler splits it into the machine's registers;
// packed rows lie anywhere in a page.
typedef uint32_t row32 __attribute__((vector_size(128), aligned(1), may_alias));
typedef uint64_t row64 __attribute__((vector_size(128), aligned(1), may_alias));

// A width is a run-time value: shifts by the same count in all lanes are as fast as constant ones,
// whereas a copy of the kernel for each width would be a megabyte of code for a few per cent.
#define DEFINE_BODIES(BITS, LANES)                                                              \
  INLINE void unpack##BITS##_body(const void *packed, uint32_t width, uint##BITS##_t base,      \
                                  uint##BITS##_t *unpacked) {                                   \
    const row##BITS *in = packed;                                                               \
    row##BITS *out = (row##BITS *)unpacked;                                                     \
    const uint##BITS##_t mask = ~(uint##BITS##_t)0 >> (BITS - width);                           \
    for (uint32_t row = 0, shift = 0; row < BLOCK / LANES; row++) {                             \
      row##BITS value = *in >> shift;                                                           \
      shift += width;                                                                           \
      if (shift >= BITS) {                                                                      \
        in++;                                                                                   \
        shift -= BITS;                                                                          \
        if (shift > 0) value |= *in << (width - shift);                                         \
      }                                                                                         \
      out[row] = (value & mask) + base;                                                         \
    }                                                                                           \
  }                                                                                             \
  INLINE void pack##BITS##_body(const uint##BITS##_t *unpacked, uint32_t width, void *packed) { \
    const row##BITS *in = (const row##BITS *)unpacked;                                          \
    row##BITS *out = packed;                                                                    \
    row##BITS pending = {0};                                                                    \
    for (uint32_t row = 0, shift = 0; row < BLOCK / LANES; row++) {                             \
      const row##BITS value = in[row];                                                          \
      pending |= value << shift;                                                                \
      shift += width;                                                                           \
      if (shift >= BITS) {                                                                      \
        *out++ = pending;                                                                       \
        shift -= BITS;                                                                          \
        pending = shift > 0 ? value >> (width - shift) : (row##BITS){0};                        \
      }                                                                                         \
    }                                                                                           \
  }

DEFINE_BODIES(32, 32)
DEFINE_BODIES(64, 16)

// From blocks of 32-bit words straight into lanes of another width.
typedef uint8_t row32_as8 __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint16_t row32_as16 __attribute__((vector_size(64), aligned(1), may_alias));
typedef uint64_t row32_as64 __attribute__((vector_size(256), aligned(1), may_alias));

#define DEFINE_UNPACK_AS(BITS)                                                                  \
  INLINE void unpack32_as##BITS##_body(const void *packed, uint32_t width,                      \
                                       uint##BITS##_t base, uint##BITS##_t *unpacked) {         \
    const row32 *in = packed;                                                                   \
    row32_as##BITS *out = (row32_as##BITS *)unpacked;                                           \
    const uint32_t mask = ~(uint32_t)0 >> (32 - width);                                         \
    for (uint32_t row = 0, shift = 0; row < BLOCK / 32; row++) {                                \
      row32 value = *in >> shift;                                                               \
      shift += width;                                                                           \
      if (shift >= 32) {                                                                        \
        in++;                                                                                   \
        shift -= 32;                                                                            \
        if (shift > 0) value |= *in << (width - shift);                                         \
      }                                                                                         \
      out[row] = __builtin_convertvector(value & mask, row32_as##BITS) + base;                  \
    }                                                                                           \
  }

DEFINE_UNPACK_AS(8)
DEFINE_UNPACK_AS(16)
DEFINE_UNPACK_AS(64)

typedef struct {
  // Widths 1...32.
  void (*pack32)(const uint32_t *in, uint32_t width, void *out);
  void (*unpack32)(const void *in, uint32_t width, uint32_t base, uint32_t *out);
  // Widths 33...64.
  void (*pack64)(const uint64_t *in, uint32_t width, void *out);
  void (*unpack64)(const void *in, uint32_t width, uint64_t base, uint64_t *out);
  // Widths 1...32, into other lanes.
  void (*unpack32_as8)(const void *in, uint32_t width, uint8_t base, uint8_t *out);
  void (*unpack32_as16)(const void *in, uint32_t width, uint16_t base, uint16_t *out);
  void (*unpack32_as64)(const void *in, uint32_t width, uint64_t base, uint64_t *out);
  // From the values of columns to the words of the kernels.
  void (*narrow8)(const uint8_t *in, uint8_t base, uint32_t *out);
  void (*narrow16)(const uint16_t *in, uint16_t base, uint32_t *out);
  void (*narrow32)(const uint32_t *in, uint32_t base, uint32_t *out);
  void (*narrow64)(const uint64_t *in, uint64_t base, uint32_t *out);
  void (*offset64)(const uint64_t *in, uint64_t base, uint64_t *out);
} kernels;

#define DEFINE_CONVERSION(NAME, FROM, TO, VALUE, BASE, LEVEL, TARGET)                           \
  TARGET static void NAME##_##LEVEL(const FROM *in, BASE base, TO *out) {                       \
    for (size_t i = 0; i < BLOCK; i++) out[i] = (TO)(VALUE);                                    \
  }

#define DEFINE_AS(BITS, LEVEL, TARGET)                                                          \
  TARGET static void unpack32_as##BITS##_##LEVEL(const void *in, uint32_t width,                \
                                                 uint##BITS##_t base, uint##BITS##_t *out) {    \
    unpack32_as##BITS##_body(in, width, base, out);                                             \
  }

#define DEFINE_LEVEL(LEVEL, TARGET)                                                             \
  TARGET static void pack32_##LEVEL(const uint32_t *in, uint32_t width, void *out) {            \
    pack32_body(in, width, out);                                                                \
  }                                                                                             \
  TARGET static void unpack32_##LEVEL(const void *in, uint32_t width, uint32_t base,            \
                                      uint32_t *out) {                                          \
    unpack32_body(in, width, base, out);                                                        \
  }                                                                                             \
  TARGET static void pack64_##LEVEL(const uint64_t *in, uint32_t width, void *out) {            \
    pack64_body(in, width, out);                                                                \
  }                                                                                             \
  TARGET static void unpack64_##LEVEL(const void *in, uint32_t width, uint64_t base,            \
                                      uint64_t *out) {                                          \
    unpack64_body(in, width, base, out);                                                        \
  }                                                                                             \
  DEFINE_AS(8, LEVEL, TARGET)                                                                   \
  DEFINE_AS(16, LEVEL, TARGET)                                                                  \
  DEFINE_AS(64, LEVEL, TARGET)                                                                  \
  DEFINE_CONVERSION(narrow8, uint8_t, uint32_t, (uint8_t)(in[i] - base), uint8_t, LEVEL, TARGET) \
  DEFINE_CONVERSION(narrow16, uint16_t, uint32_t, (uint16_t)(in[i] - base), uint16_t, LEVEL,    \
                    TARGET)                                                                     \
  DEFINE_CONVERSION(narrow32, uint32_t, uint32_t, in[i] - base, uint32_t, LEVEL, TARGET)        \
  DEFINE_CONVERSION(narrow64, uint64_t, uint32_t, in[i] - base, uint64_t, LEVEL, TARGET)        \
  DEFINE_CONVERSION(offset64, uint64_t, uint64_t, in[i] - base, uint64_t, LEVEL, TARGET)        \
  static const kernels kernels_##LEVEL = {                                                      \
      pack32_##LEVEL,        unpack32_##LEVEL,       pack64_##LEVEL,         unpack64_##LEVEL,  \
      unpack32_as8_##LEVEL,  unpack32_as16_##LEVEL,  unpack32_as64_##LEVEL,  narrow8_##LEVEL,   \
      narrow16_##LEVEL,      narrow32_##LEVEL,       narrow64_##LEVEL,       offset64_##LEVEL,  \
  };

DEFINE_LEVEL(portable, )
#if defined(__x86_64__)
DEFINE_LEVEL(avx2, __attribute__((target("avx2,bmi2"))))
DEFINE_LEVEL(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi2"))))
static const kernels *const levels[] = {&kernels_portable, &kernels_avx2, &kernels_avx512};
#else
static const kernels *const levels[] = {&kernels_portable};
#endif
static const kernels *best = &kernels_portable;

__attribute__((constructor)) static void choose(void) { best = levels[ck_level()]; }

int ck_bitpack_level_count(void) { return ck_level_max() + 1; }

void ck_pack32_block(int level, const uint32_t *in, uint32_t width, void *out) {
  levels[level]->pack32(in, width, out);
}

void ck_unpack32_block(int level, const void *in, uint32_t width, uint32_t base, uint32_t *out) {
  levels[level]->unpack32(in, width, base, out);
}

void ck_pack64_block(int level, const uint64_t *in, uint32_t width, void *out) {
  levels[level]->pack64(in, width, out);
}

void ck_unpack64_block(int level, const void *in, uint32_t width, uint64_t base, uint64_t *out) {
  levels[level]->unpack64(in, width, base, out);
}

static size_t tail_bytes(size_t count, uint32_t width) { return (count * width + 7) / 8; }

static size_t block_bytes(uint32_t width) { return (size_t)BLOCK / 8 * width; }

size_t ck_packed_bytes(size_t count, uint32_t width) {
  return count / BLOCK * block_bytes(width) + tail_bytes(count % BLOCK, width);
}

// Appends values of `width` bits to a byte string, low bits first.
typedef struct {
  uint8_t *out;
  unsigned __int128 pending;
  unsigned pending_bits;
} bit_writer;

INLINE void put(bit_writer *writer, uint64_t value, uint32_t width) {
  writer->pending |= (unsigned __int128)value << writer->pending_bits;
  writer->pending_bits += width;
  if (writer->pending_bits >= 64) {
    const uint64_t word = (uint64_t)writer->pending;
    memcpy(writer->out, &word, 8);
    writer->out += 8;
    writer->pending >>= 64;
    writer->pending_bits -= 64;
  }
}

static void put_rest(bit_writer *writer) {
  for (unsigned bits = 0; bits < writer->pending_bits; bits += 8) {
    *writer->out++ = (uint8_t)(writer->pending >> bits);
  }
}

// Value `index` of a tail of `byte_count` bytes.
INLINE uint64_t get(const uint8_t *in, size_t byte_count, size_t index, uint32_t width) {
  const size_t bit = index * width, byte = bit / 8;
  const unsigned shift = bit % 8;
  uint64_t word = 0;
  if (byte + 8 <= byte_count) {
    memcpy(&word, in + byte, 8);
  } else {
    for (size_t i = byte; i < byte_count; i++) word |= (uint64_t)in[i] << (8 * (i - byte));
  }
  uint64_t value = word >> shift;
  if (shift + width > 64) value |= (uint64_t)in[byte + 8] << (64 - shift);
  return value & (~(uint64_t)0 >> (64 - width));
}

// How many values of a tail can be read by a load of eight bytes that ends within it and holds all
// of the value.
static size_t quick_count(size_t count, uint32_t width) {
  const size_t byte_count = tail_bytes(count, width);
  if (width > 57 || byte_count < 8) return 0;
  const size_t last = ((byte_count - 8) * 8 + 7) / width + 1;
  return last < count ? last : count;
}

#define DEFINE_TAILS(BITS)                                                                      \
  static void pack_tail##BITS(const uint##BITS##_t *in, size_t count, uint32_t width,           \
                              uint##BITS##_t base, uint8_t *out) {                              \
    bit_writer writer = {out, 0, 0};                                                            \
    for (size_t i = 0; i < count; i++) put(&writer, (uint##BITS##_t)(in[i] - base), width);     \
    put_rest(&writer);                                                                          \
  }                                                                                             \
  static void unpack_tail##BITS(const uint8_t *in, size_t count, uint32_t width,                \
                                uint##BITS##_t base, uint##BITS##_t *out) {                     \
    const size_t byte_count = tail_bytes(count, width);                                         \
    const size_t quick = quick_count(count, width);                                             \
    const uint64_t mask = ~(uint64_t)0 >> (64 - width);                                         \
    for (size_t i = 0; i < quick; i++) {                                                        \
      const size_t bit = i * width;                                                             \
      uint64_t word;                                                                            \
      memcpy(&word, in + bit / 8, 8);                                                           \
      out[i] = (uint##BITS##_t)(base + (uint##BITS##_t)((word >> bit % 8) & mask));             \
    }                                                                                           \
    for (size_t i = quick; i < count; i++)                                                      \
      out[i] = (uint##BITS##_t)(base + (uint##BITS##_t)get(in, byte_count, i, width));          \
  }

DEFINE_TAILS(8)
DEFINE_TAILS(16)
DEFINE_TAILS(32)
DEFINE_TAILS(64)

// A wide block is packed from 64-bit words, a narrow one from 32-bit words in the first-level
// cache.
static void pack_block64(const uint64_t *in, uint32_t width, uint64_t base, uint8_t *out) {
  if (width > 32) {
    uint64_t offsets[BLOCK];
    best->offset64(in, base, offsets);
    best->pack64(offsets, width, out);
  } else {
    uint32_t offsets[BLOCK];
    best->narrow64(in, base, offsets);
    best->pack32(offsets, width, out);
  }
}

static void unpack_block64(const uint8_t *in, uint32_t width, uint64_t base, uint64_t *out) {
  if (width > 32) {
    best->unpack64(in, width, base, out);
  } else {
    best->unpack32_as64(in, width, base, out);
  }
}

static void unpack_block32(const uint8_t *in, uint32_t width, uint32_t base, uint32_t *out) {
  best->unpack32(in, width, base, out);
}

#define DEFINE_NARROW_PACK(BITS)                                                                \
  static void pack_block##BITS(const uint##BITS##_t *in, uint32_t width, uint##BITS##_t base,   \
                               uint8_t *out) {                                                  \
    uint32_t offsets[BLOCK];                                                                    \
    best->narrow##BITS(in, base, offsets);                                                      \
    best->pack32(offsets, width, out);                                                          \
  }
#define DEFINE_NARROW_UNPACK(BITS)                                                              \
  static void unpack_block##BITS(const uint8_t *in, uint32_t width, uint##BITS##_t base,        \
                                 uint##BITS##_t *out) {                                         \
    best->unpack32_as##BITS(in, width, base, out);                                              \
  }

DEFINE_NARROW_PACK(8)
DEFINE_NARROW_PACK(16)
DEFINE_NARROW_PACK(32)
DEFINE_NARROW_UNPACK(8)
DEFINE_NARROW_UNPACK(16)

#define DEFINE_WHOLE(BITS)                                                                      \
  void ck_pack##BITS(const uint##BITS##_t *in, size_t count, uint32_t width,                    \
                     uint##BITS##_t base, void *out) {                                          \
    uint8_t *target = out;                                                                      \
    if (width == 0) return;                                                                     \
    for (; count >= BLOCK; in += BLOCK, count -= BLOCK, target += block_bytes(width))           \
      pack_block##BITS(in, width, base, target);                                                \
    pack_tail##BITS(in, count, width, base, target);                                            \
  }                                                                                             \
  void ck_unpack##BITS(const void *in, size_t count, uint32_t width, uint##BITS##_t base,       \
                       uint##BITS##_t *out) {                                                   \
    const uint8_t *source = in;                                                                 \
    if (width == 0) {                                                                           \
      for (size_t i = 0; i < count; i++) out[i] = base;                                         \
      return;                                                                                   \
    }                                                                                           \
    for (; count >= BLOCK; out += BLOCK, count -= BLOCK, source += block_bytes(width))          \
      unpack_block##BITS(source, width, base, out);                                             \
    unpack_tail##BITS(source, count, width, base, out);                                         \
  }

DEFINE_WHOLE(8)
DEFINE_WHOLE(16)
DEFINE_WHOLE(32)
DEFINE_WHOLE(64)

void ck_unpack32_at(const void *in, size_t count, uint32_t width, const uint32_t *rows,
                    size_t row_count, uint32_t *out) {
  const uint8_t *bytes = in;
  const size_t whole = count / BLOCK * BLOCK;
  const uint8_t *tail = bytes + whole / BLOCK * block_bytes(width);
  const size_t tail_count = tail_bytes(count - whole, width);
  const uint32_t mask = ~(uint32_t)0 >> (32 - width);
  for (size_t i = 0; i < row_count; i++) {
    const size_t row = rows[i];
    if (row >= whole) {
      out[i] = (uint32_t)get(tail, tail_count, row - whole, width);
      continue;
    }
    const size_t bit = row % BLOCK / 32 * width, lane = row % 32;
    const uint8_t *word = bytes + row / BLOCK * block_bytes(width) + (bit / 32 * 32 + lane) * 4;
    uint32_t low, high = 0;
    memcpy(&low, word, 4);
    if (bit % 32 + width > 32) memcpy(&high, word + 128, 4);
    out[i] = (uint32_t)((((uint64_t)high << 32 | low) >> bit % 32) & mask);
  }
}
