/*
 * customer_pack.h - ids in as many bits as they need.
 *
 * Ids of one system look alike: c00001234, 2f1c-...: at each place stand only a few characters, at
 * some always the same. So an id is a number in a mixed radix: its digits are which of the
 * characters of its place stand there, "none, it has ended" being one of them. Each id takes the
 * same number of bits, and any one is read alone. Numbers are stored less the smallest one.
 */
#ifndef MU_CUSTOMER_PACK_H
#define MU_CUSTOMER_PACK_H

#include "storage/base/bytes.h"
#include "storage/customer.h"

enum {
    MU_PACK_MOST_NUMBERS = MU_PACKED_ID_BYTES, /* a place may need one of its own */
    MU_PACK_SLACK = 8, /* bytes behind the last packed id: reading takes 9 at a time */
};

/* An id as numbers of at most 64 bits each. */
typedef struct mu_packed_id {
    uint64_t numbers[MU_PACK_MOST_NUMBERS];
} mu_packed_id;

typedef struct mu_id_packing mu_id_packing;

/* Looking at ids, to find out how they are packed. */
mu_id_packing *mu_id_packing_new(mu_kind kind); /* NULL when out of memory */
void mu_id_packing_free(mu_id_packing *packing);
void mu_id_packing_see(mu_id_packing *packing, mu_customer_id id);
/* After the last one: false if they cannot be packed. */
bool mu_id_packing_settle(mu_id_packing *packing);

uint64_t mu_id_packing_bytes(const mu_id_packing *packing, uint32_t count); /* of so many ids */
void mu_id_packing_write(const mu_id_packing *packing, mu_writer *out);     /* how, not the ids */
size_t mu_id_packing_size(const mu_id_packing *packing);                    /* of what that wrote */

/* The size that is written at the front of what mu_id_packing_write() wrote; then all of it. */
enum {
    MU_ID_PACKING_HEAD = 4
};
bool mu_id_packing_head(const uint8_t *head, size_t *size);
muster_status mu_id_packing_open(mu_kind kind, const uint8_t *data, size_t size,
                                 mu_id_packing **out, muster_error *err);

/* False if no id that was seen has these characters, so that it is none of them. */
bool mu_id_pack(const mu_id_packing *packing, mu_customer_id id, mu_packed_id *out);
/* Text goes to `room`. */
mu_customer_id mu_id_unpack(const mu_id_packing *packing, const mu_packed_id *id,
                            char room[MU_PACKED_ID_BYTES]);

/* The i-th of packed ids at `data`. */
void mu_id_packing_put(const mu_id_packing *packing, const mu_packed_id *id, uint32_t i,
                       uint8_t *data);
/* Where the i-th lies: its bytes, to be given to _take. */
void mu_id_packing_place(const mu_id_packing *packing, uint32_t i, uint64_t *offset,
                         uint32_t *size);
void mu_id_packing_take(const mu_id_packing *packing, uint32_t i, const uint8_t *bytes,
                        mu_packed_id *out);
bool mu_packed_id_equal(const mu_id_packing *packing, const mu_packed_id *a, const mu_packed_id *b);

#endif
