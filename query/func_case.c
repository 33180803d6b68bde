/*
 * func_case.c - characters of UTF-8, small and capital.
 *
 * Case is mapped letter by letter, as the tables of Unicode in utf8proc say; a letter that would
 * become several (a ligature) stays as it is. No locale is asked: the same text gives the
 * same result everywhere.
 */
#include "query/func.h"

#include <assert.h>
#include <utf8proc.h>

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

static void put_letter(utf8proc_int32_t letter, bool upper, mu_writer *out)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_int32_t other = upper ? utf8proc_toupper(letter) : utf8proc_tolower(letter);
    const utf8proc_ssize_t size = utf8proc_encode_char(other, bytes);

    mu_write_bytes(out, bytes, (size_t)size);
}

void mu_text_fold(mu_text text, bool upper, mu_writer *out)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.data;

    for (uint32_t at = 0; at < text.size;) {
        utf8proc_int32_t letter;
        if (bytes[at] < 0x80) {
            const bool other =
                upper ? bytes[at] >= 'a' && bytes[at] <= 'z' : bytes[at] >= 'A' && bytes[at] <= 'Z';
            mu_write_u8(out, other ? bytes[at] ^ 0x20 : bytes[at]);
            at++;
            continue;
        }
        const utf8proc_ssize_t size = utf8proc_iterate(&bytes[at], text.size - at, &letter);
        assert(size > 0); /* texts are UTF-8 */
        put_letter(letter, upper, out);
        at += (uint32_t)size;
    }
}
