#include "cmeasure.h"

#include <string.h>

void cm_copy_pieces(const void *bytes, size_t count, size_t piece, void *target) {
  for (size_t start = 0; start < count; start += piece) {
    size_t length = count - start < piece ? count - start : piece;
    memcpy(target, (const char *)bytes + start, length);
    __asm__ volatile("" : : "r"(target) : "memory");
  }
}

void cm_consume(uint64_t value) { __asm__ volatile("" : : "r"(value)); }
