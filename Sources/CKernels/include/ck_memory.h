#ifndef CK_MEMORY_H
#define CK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/// Reads `count` 64-bit words once, front to back, and returns their sum modulo 2^64: what no scan
/// of that many bytes can beat.
uint64_t ck_read_words(const uint64_t *words, size_t count);

/// Asks for the cache line at an address, which need not be valid, before it is read.
static inline void ck_prefetch(const void *address) { __builtin_prefetch(address); }

#endif
