#include "ck_hash.h"

#include <string.h>

static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu,
                      P3 = 0x165667B19E3779F9u, P4 = 0x85EBCA77C2B2AE63u,
                      P5 = 0x27D4EB2F165667C5u;

static inline uint64_t rotate(uint64_t value, int bits) {
  return value << bits | value >> (64 - bits);
}

static inline uint64_t load64(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return word;
}

static inline uint64_t stirred(uint64_t lane, uint64_t word) {
  return rotate(lane + word * P2, 31) * P1;
}

static inline uint64_t merged(uint64_t hash, uint64_t lane) {
  return (hash ^ stirred(0, lane)) * P1 + P4;
}

uint64_t ck_xxh64(const void *bytes, size_t count) {
  const uint8_t *at = bytes;
  const uint8_t *const end = at + count;
  uint64_t hash = P5;
  if (count >= 32) {
    uint64_t lanes[4] = {P1 + P2, P2, 0, 0 - P1};
    for (; end - at >= 32; at += 32)
      for (int i = 0; i < 4; i++) lanes[i] = stirred(lanes[i], load64(at + 8 * i));
    hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
    for (int lane = 0; lane < 4; lane++) hash = merged(hash, lanes[lane]);
  }
  hash += count;
  for (; end - at >= 8; at += 8) hash = rotate(hash ^ stirred(0, load64(at)), 27) * P1 + P4;
  if (end - at >= 4) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    hash = rotate(hash ^ word * P1, 23) * P2 + P3;
    at += 4;
  }
  for (; at < end; at++) hash = rotate(hash ^ *at * P5, 11) * P1;
  hash = (hash ^ hash >> 33) * P2;
  hash = (hash ^ hash >> 29) * P3;
  return hash ^ hash >> 32;
}
