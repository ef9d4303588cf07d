#ifndef CMEASURE_H
#define CMEASURE_H

#include <stddef.h>
#include <stdint.h>

/// Reads `count` words once, front to back, and returns their sum: what memory can deliver to one
/// thread, at best.
uint64_t cm_read(const uint64_t *words, size_t count);

/// Copies `count` bytes in pieces of `piece` to the same `piece` bytes at `target`, as a decoder
/// that does nothing would do it.
void cm_copy_pieces(const void *bytes, size_t count, size_t piece, void *target);

/// Keeps a value from being optimised away.
void cm_consume(uint64_t value);

#endif
