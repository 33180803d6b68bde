/*
 * func_case.c - characters of UTF-8, small and capital.
 *
 * Case is mapped letter by letter, by the ranges of Unicode in which capitals and small letters lie
 * side by side or at a fixed distance. That is all of the letters people compare without regard to
 * case in practice; letters whose partner has another number of bytes, or several letters, stay as
 * they are. No locale is asked: the same text gives the same result everywhere.
 */
#include "query/func.h"

uint32_t mu_text_step(mu_text text, uint32_t at)
{
    const unsigned char lead = (unsigned char)text.data[at];
    const uint32_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    return size <= text.size - at ? size : text.size - at;
}

uint32_t mu_text_length(mu_text text)
{
    uint32_t length = 0;

    for (uint32_t i = 0; i < text.size; i++) {
        length += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    return length;
}

uint32_t mu_text_at(mu_text text, int64_t character)
{
    uint32_t at = 0;

    for (; character > 0 && at < text.size; character--) {
        at += mu_text_step(text, at);
    }
    return at;
}

/* Capitals first ... last have their small letters `distance` further on; 0: capitals are the even
 * (or, from an odd first, the odd) ones, each followed by its small letter. */
typedef struct case_range {
    uint32_t first, last, distance;
} case_range;

static const case_range ranges[] = {
    {0x00c0, 0x00d6, 32}, {0x00d8, 0x00de, 32}, {0x0100, 0x012f, 0},  {0x0132, 0x0137, 0},
    {0x0139, 0x0148, 0},  {0x014a, 0x0177, 0},  {0x0179, 0x017e, 0},  {0x0391, 0x03a1, 32},
    {0x03a3, 0x03ab, 32}, {0x0400, 0x040f, 80}, {0x0410, 0x042f, 32}, {0x0460, 0x0481, 0},
    {0x048a, 0x04bf, 0},  {0x0531, 0x0556, 48}, {0x1e00, 0x1e95, 0},  {0x1ea0, 0x1eff, 0},
    {0xff21, 0xff3a, 32},
};

static uint32_t map_letter(uint32_t letter, bool upper)
{
    for (size_t i = 0; i < MU_COUNT(ranges); i++) {
        const case_range *range = &ranges[i];
        if (range->distance == 0) {
            if (letter >= range->first && letter <= range->last) {
                const bool is_small = (letter - range->first) % 2 == 1;
                return upper ? letter - is_small : letter + !is_small;
            }
        } else if (!upper && letter >= range->first && letter <= range->last) {
            return letter + range->distance;
        } else if (upper && letter >= range->first + range->distance &&
                   letter <= range->last + range->distance) {
            return letter - range->distance;
        }
    }
    return letter;
}

static uint32_t decode_letter(const unsigned char *bytes, uint32_t size)
{
    return size == 2 ? (bytes[0] & 0x1fu) << 6 | (bytes[1] & 0x3fu)
                     : (bytes[0] & 0x0fu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
}

static void fold_letter(const unsigned char *bytes, uint32_t size, bool upper, uint8_t *out)
{
    const uint32_t letter = map_letter(decode_letter(bytes, size), upper);

    if (size == 2) {
        out[0] = (uint8_t)(0xc0 | letter >> 6);
    } else {
        out[0] = (uint8_t)(0xe0 | letter >> 12);
        out[1] = (uint8_t)(0x80 | (letter >> 6 & 0x3f));
    }
    out[size - 1] = (uint8_t)(0x80 | (letter & 0x3f));
}

void mu_text_fold(mu_text text, bool upper, mu_writer *out)
{
    uint8_t *room = mu_write_room(out, text.size);

    if (!room) {
        return;
    }
    for (uint32_t at = 0, size; at < text.size; at += size) {
        const unsigned char *bytes = (const unsigned char *)&text.data[at];
        size = mu_text_step(text, at);
        if (size == 1) {
            const bool other =
                upper ? *bytes >= 'a' && *bytes <= 'z' : *bytes >= 'A' && *bytes <= 'Z';
            room[at] = (uint8_t)(other ? *bytes ^ 0x20 : *bytes);
        } else if (size < 4) {
            fold_letter(bytes, size, upper, &room[at]);
        } else {
            memcpy(&room[at], bytes, size);
        }
    }
}
