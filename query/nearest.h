/*
 * nearest.h - the name someone may have meant: the one with the fewest edits, if they are few.
 */
#ifndef MU_NEAREST_H
#define MU_NEAREST_H

#include "storage/type.h"

typedef struct mu_nearest {
    mu_text wanted;
    mu_text best;
    uint32_t distance; /* of the best; an edit is one byte more, less, other, or two swapped */
    bool found;
} mu_nearest;

mu_nearest mu_nearest_of(mu_text wanted);
void mu_nearest_try(mu_nearest *nearest, mu_text candidate); /* ASCII case does not count */

#endif
