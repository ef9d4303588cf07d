#include "ck_level.h"

#include <stdlib.h>
#include <string.h>

static int supported = CK_PORTABLE;
static int chosen = CK_PORTABLE;

// Kernels look the level up when called, so it must be known before any other constructor runs.
__attribute__((constructor(101))) static void detect(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
    supported = CK_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vpopcntdq")) {
      supported = CK_AVX512;
    }
  }
#endif
  chosen = supported;
  const char *wish = getenv("SEDIMENT_SIMD");
  if (wish == NULL) return;
  if (strcmp(wish, "scalar") == 0) chosen = CK_PORTABLE;
  if (strcmp(wish, "avx2") == 0 && supported >= CK_AVX2) chosen = CK_AVX2;
}

int ck_level(void) { return chosen; }

int ck_level_max(void) { return supported; }
