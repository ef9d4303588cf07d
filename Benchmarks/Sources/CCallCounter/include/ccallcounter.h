#ifndef CCALLCOUNTER_H
#define CCALLCOUNTER_H

#include <stdint.h>

/// Calls of the whole process, of all threads, between `cc_start` and `cc_stop`.
///
/// The program that links this gets allocation functions and `swift_retain`/`swift_release` that
/// count and pass on. It works where the dynamic linker prefers the program's own symbols and the
/// C library is glibc; elsewhere `cc_is_supported` is 0 and all counts are 0.
typedef struct {
  /// malloc, calloc, realloc and the aligned ones.
  uint64_t allocations;
  uint64_t allocated_bytes;
  /// Of objects and of bridge objects, as the compiler's code calls them. What the runtime does
  /// inside itself is not counted.
  uint64_t retains;
  uint64_t releases;
} cc_counts;

int cc_is_supported(void);
void cc_start(void);
cc_counts cc_stop(void);

#endif
