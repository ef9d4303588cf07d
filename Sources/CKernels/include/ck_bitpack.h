#ifndef CK_BITPACK_H
#define CK_BITPACK_H

#include <stddef.h>
#include <stdint.h>

/// Bit packing of unsigned offsets from a base (frame of reference).
///
/// Whole blocks of 1024 values are interleaved, so that neighbouring values lie in neighbouring
/// SIMD lanes: with L lanes, value i of a block belongs to lane i % L, and word k of lane l is
/// the word k * L + l of the block. Widths up to 32 use L = 32 lanes of 32-bit words, wider ones
/// L = 16 lanes of 64-bit words. The values after the last whole block are packed one after
/// another, low bits first. Words are little-endian and need no alignment.
///
/// The interleaved layout follows Lemire and Boytsov, "Decoding billions of integers per second
/// through vectorization" (2015), and Afroozeh and Boncz, "The FastLanes Compression Layout"
/// (PVLDB 16, 2023), without the latter's transposed order.

/// Values of a block.
#define CK_BITPACK_BLOCK 1024

/// Bytes that `count` values of `width` bits (0...64) take; does not overflow for counts up to
/// 2^32.
size_t ck_packed_bytes(size_t count, uint32_t width);

/// How many instruction-set levels this machine has: level 0 is portable, the last is the best.
int ck_bitpack_level_count(void);

/// `out` gets `ck_packed_bytes(count, width)` bytes: of each value minus `base` (modulo the type)
/// the low `width` bits, which must hold it. `width` is at most that of the type.
void ck_pack8(const uint8_t *in, size_t count, uint32_t width, uint8_t base, void *out);
void ck_pack16(const uint16_t *in, size_t count, uint32_t width, uint16_t base, void *out);
void ck_pack32(const uint32_t *in, size_t count, uint32_t width, uint32_t base, void *out);
void ck_pack64(const uint64_t *in, size_t count, uint32_t width, uint64_t base, void *out);

/// The inverse: reads exactly `ck_packed_bytes(count, width)` bytes of `in`, which may be hostile,
/// and adds `base` to each value modulo the type.
void ck_unpack8(const void *in, size_t count, uint32_t width, uint8_t base, uint8_t *out);
void ck_unpack16(const void *in, size_t count, uint32_t width, uint16_t base, uint16_t *out);
void ck_unpack32(const void *in, size_t count, uint32_t width, uint32_t base, uint32_t *out);
void ck_unpack64(const void *in, size_t count, uint32_t width, uint64_t base, uint64_t *out);

/// The numbers at `row_count` places of `count` packed ones of `width` bits, 1...32, without
/// looking at the others. Every place must be below `count`.
void ck_unpack32_at(const void *in, size_t count, uint32_t width, const uint32_t *rows,
                    size_t row_count, uint32_t *out);

/// One block at a given level, for tests that compare the levels: widths 1...32 and 33...64.
void ck_pack32_block(int level, const uint32_t *in, uint32_t width, void *out);
void ck_unpack32_block(int level, const void *in, uint32_t width, uint32_t base, uint32_t *out);
void ck_pack64_block(int level, const uint64_t *in, uint32_t width, void *out);
void ck_unpack64_block(int level, const void *in, uint32_t width, uint64_t base, uint64_t *out);

#endif
