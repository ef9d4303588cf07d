#if __has_include(<zlib.h>)
#include <zlib.h>
#else
#error "zlib.h not found: run ./dev setup (it installs zlib1g-dev)"
#endif
