#if __has_include(<zstd.h>)
#include <zstd.h>
#else
#error "zstd.h not found: run ./dev setup (it installs libzstd-dev)"
#endif
