#define _GNU_SOURCE
#include "ccallcounter.h"

#if defined(__GLIBC__) || __has_include(<gnu/libc-version.h>)

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int is_counting;
static atomic_uint_fast64_t allocations, allocated_bytes, retains, releases;

int cc_is_supported(void) { return 1; }

void cc_start(void) {
  atomic_store(&allocations, 0);
  atomic_store(&allocated_bytes, 0);
  atomic_store(&retains, 0);
  atomic_store(&releases, 0);
  atomic_store(&is_counting, 1);
}

cc_counts cc_stop(void) {
  atomic_store(&is_counting, 0);
  return (cc_counts){atomic_load(&allocations), atomic_load(&allocated_bytes),
                     atomic_load(&retains), atomic_load(&releases)};
}

static void count(size_t size) {
  if (!atomic_load_explicit(&is_counting, memory_order_relaxed)) return;
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&allocated_bytes, size, memory_order_relaxed);
}

// glibc keeps these names so that a program may replace the public ones.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *result = memalign(alignment, size);
  if (result == NULL) return ENOMEM;
  *memory = result;
  return 0;
}

// The compiler may count on these to keep all registers: keeping too many does no harm.
#define KEEPING_REGISTERS __attribute__((preserve_most))

// The next definition of a symbol is looked up once; racing threads find the same.
#define COUNTED(NAME, COUNTER)                                                             \
  KEEPING_REGISTERS void *NAME(void *object) {                                             \
    static _Atomic(void *) next;                                                           \
    void *function = atomic_load_explicit(&next, memory_order_relaxed);                    \
    if (function == NULL) {                                                                \
      function = dlsym(RTLD_NEXT, #NAME);                                                  \
      atomic_store_explicit(&next, function, memory_order_relaxed);                        \
    }                                                                                      \
    if (atomic_load_explicit(&is_counting, memory_order_relaxed))                          \
      atomic_fetch_add_explicit(&COUNTER, 1, memory_order_relaxed);                        \
    return ((void *(*)(void *))function)(object);                                          \
  }

COUNTED(swift_retain, retains)
COUNTED(swift_release, releases)
COUNTED(swift_bridgeObjectRetain, retains)
COUNTED(swift_bridgeObjectRelease, releases)

#else

int cc_is_supported(void) { return 0; }
void cc_start(void) {}
cc_counts cc_stop(void) { return (cc_counts){0, 0, 0, 0}; }

#endif
