#include "ck_crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#endif

// Reflected Castagnoli polynomial.
#define POLYNOMIAL 0x82F63B78u

static uint32_t table[256];

uint32_t ck_crc32c_portable(uint32_t seed, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
  uint32_t crc = ~seed;
  for (size_t i = 0; i < count; i++) crc = table[(crc ^ p[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

#if defined(__x86_64__)
// The instruction has a latency of three cycles and a throughput of one, so long inputs are cut
// into three streams of `STREAM` bytes whose checksums are combined through precomputed tables
// that append `STREAM` zero bytes to a checksum.
#define STREAM 1024
static uint32_t zeros[4][256];

static uint32_t append_zeros(uint32_t crc) {
  return zeros[0][crc & 0xFF] ^ zeros[1][(crc >> 8) & 0xFF] ^ zeros[2][(crc >> 16) & 0xFF] ^
         zeros[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t seed, const void *bytes,
                                                               size_t count) {
  const uint8_t *p = bytes;
  uint64_t crc = (uint32_t)~seed;
  while (count >= 3 * STREAM) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < STREAM; i += 8) {
      uint64_t a, b, c;
      memcpy(&a, p + i, 8);
      memcpy(&b, p + STREAM + i, 8);
      memcpy(&c, p + 2 * STREAM + i, 8);
      crc = _mm_crc32_u64(crc, a);
      second = _mm_crc32_u64(second, b);
      third = _mm_crc32_u64(third, c);
    }
    crc = append_zeros((uint32_t)crc) ^ second;
    crc = append_zeros((uint32_t)crc) ^ third;
    p += 3 * STREAM;
    count -= 3 * STREAM;
  }
  for (; count >= 8; p += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  for (; count > 0; p++, count--) crc = _mm_crc32_u8((uint32_t)crc, *p);
  return ~(uint32_t)crc;
}
#elif defined(__aarch64__)
__attribute__((target("crc"))) static uint32_t crc32c_arm(uint32_t seed, const void *bytes,
                                                          size_t count) {
  const uint8_t *p = bytes;
  uint32_t crc = ~seed;
  for (; count >= 8; p += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    crc = __crc32cd(crc, word);
  }
  for (; count > 0; p++, count--) crc = __crc32cb(crc, *p);
  return ~crc;
}
#endif

static uint32_t (*implementation)(uint32_t, const void *, size_t) = ck_crc32c_portable;

__attribute__((constructor)) static void choose(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? POLYNOMIAL : 0);
    table[i] = crc;
  }
#if defined(__x86_64__)
  // Appending zeros is linear over GF(2): the images of single bits give all others.
  for (int byte = 0; byte < 4; byte++) {
    for (int bit = 0; bit < 8; bit++) {
      uint32_t crc = 1u << (8 * byte + bit);
      for (int n = 0; n < STREAM; n++) crc = table[crc & 0xFF] ^ (crc >> 8);
      uint32_t set = 1u << bit;
      for (uint32_t i = 0; i < set; i++) zeros[byte][i | set] = zeros[byte][i] ^ crc;
    }
  }
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) implementation = crc32c_sse42;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
  implementation = crc32c_arm;
#endif
}

uint32_t ck_crc32c(uint32_t seed, const void *bytes, size_t count) {
  return implementation(seed, bytes, count);
}
