#if __has_include(<librdkafka/rdkafka.h>)
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#else
#error "librdkafka/rdkafka.h not found: run ./dev setup --kafka (it installs librdkafka-dev)"
#endif
