// C kernels: what Swift cannot express at full speed. Each works on plain buffers, allocates
// nothing and never reads more than 64 bytes past the end of an input.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "ck_aggregate.h"
#include "ck_alp.h"
#include "ck_arithmetic.h"
#include "ck_bitpack.h"
#include "ck_crc32c.h"
#include "ck_fields.h"
#include "ck_filter.h"
#include "ck_group.h"
#include "ck_hash.h"
#include "ck_keycode.h"
#include "ck_level.h"
#include "ck_memory.h"
#include "ck_prefix.h"
#include "ck_rowtable.h"
#include "ck_text.h"

#endif
