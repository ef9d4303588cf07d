#include "cmeasure.h"

#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define BEST_OF_LEVELS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BEST_OF_LEVELS
#endif

BEST_OF_LEVELS uint64_t cm_read(const uint64_t *words, size_t count) {
  uint64_t sum[32] = {0};
  size_t whole = count / 32 * 32;
  for (size_t i = 0; i < whole; i += 32)
    for (size_t lane = 0; lane < 32; lane++) sum[lane] += words[i + lane];
  uint64_t total = 0;
  for (size_t lane = 0; lane < 32; lane++) total += sum[lane];
  for (size_t i = whole; i < count; i++) total += words[i];
  return total;
}

void cm_copy_pieces(const void *bytes, size_t count, size_t piece, void *target) {
  for (size_t start = 0; start < count; start += piece) {
    size_t length = count - start < piece ? count - start : piece;
    memcpy(target, (const char *)bytes + start, length);
    __asm__ volatile("" : : "r"(target) : "memory");
  }
}

void cm_consume(uint64_t value) { __asm__ volatile("" : : "r"(value)); }
