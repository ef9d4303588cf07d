#if __has_include(<roaring/roaring.h>)
#include <roaring/roaring.h>
#else
#error "roaring/roaring.h not found: run ./dev setup (it installs libroaring-dev)"
#endif
