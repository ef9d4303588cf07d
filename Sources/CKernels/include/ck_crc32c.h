#ifndef CK_CRC32C_H
#define CK_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli, reflected, initial and final inversion) of `count` bytes, continuing from
/// `seed`, the checksum of what came before (0 at the start).
uint32_t ck_crc32c(uint32_t seed, const void *bytes, size_t count);

/// The same by table look-up on any machine: the twin that tests compare with.
uint32_t ck_crc32c_portable(uint32_t seed, const void *bytes, size_t count);

#endif
