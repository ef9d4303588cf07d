#ifndef CK_HASH_H
#define CK_HASH_H

#include <stddef.h>
#include <stdint.h>

/// XXH64 (Collet, the xxHash specification 0.1.1) of `count` bytes, with seed 0: the hash of the
/// filters on disk, so it must never change.
uint64_t ck_xxh64(const void *bytes, size_t count);

#endif
