#if __has_include(<lz4.h>)
#include <lz4.h>
#include <lz4frame.h>
#else
#error "lz4.h not found: run ./dev setup (it installs liblz4-dev)"
#endif
