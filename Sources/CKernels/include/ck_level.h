#ifndef CK_LEVEL_H
#define CK_LEVEL_H

/// Instruction sets a kernel may be written for, in rising order. `CK_PORTABLE` runs anywhere.
enum { CK_PORTABLE = 0, CK_AVX2 = 1, CK_AVX512 = 2 };

/// The level kernels run at: the best this processor has, or the one that the environment
/// variable `SEDIMENT_SIMD` (`scalar`, `avx2` or `avx512`, read once at start) names when the
/// processor has that. Constant for the life of the process.
int ck_level(void);

/// The best level of this processor, whatever the environment says.
int ck_level_max(void);

#endif
