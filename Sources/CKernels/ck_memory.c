#include "ck_memory.h"

#if defined(__x86_64__) && defined(__linux__)
#define BEST_OF_LEVELS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BEST_OF_LEVELS
#endif

#define LANES 32

BEST_OF_LEVELS uint64_t ck_read_words(const uint64_t *words, size_t count) {
  uint64_t sum[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    for (int lane = 0; lane < LANES; lane++) sum[lane] += words[i + lane];
  }
  for (; i < count; i++) sum[0] += words[i];
  uint64_t total = 0;
  for (int lane = 0; lane < LANES; lane++) total += sum[lane];
  return total;
}
