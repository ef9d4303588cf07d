#ifndef CMEASURE_H
#define CMEASURE_H

#include <stddef.h>
#include <stdint.h>

/// Copies `count` bytes in pieces of `piece` to the same `piece` bytes at `target`, as a decoder
/// that does nothing would do it.
void cm_copy_pieces(const void *bytes, size_t count, size_t piece, void *target);

/// Keeps a value from being optimised away.
void cm_consume(uint64_t value);

#endif
