/*
 * func_case.c - characters of UTF-8, small and capital.
 *
 * Case is mapped letter by letter, as the tables of Unicode in utf8proc say; a letter that would
 * become several (a ligature) stays as it is. No locale is asked: the same text gives the
 * same result everywhere.
 */
#include "query/func.h"

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

/* Letters of ASCII from `at` on; returns where they end. */
static uint32_t fold_plain(mu_text text, uint32_t at, bool upper, mu_writer *out)
{
    const char first = upper ? 'a' : 'A', last = upper ? 'z' : 'Z';
    uint32_t end = at;

    while (end < text.size && (unsigned char)text.data[end] < 0x80) {
        end++;
    }
    uint8_t *room = mu_write_room(out, end - at);
    for (uint32_t i = at; room && i < end; i++) {
        const char c = text.data[i];
        room[i - at] = (uint8_t)(c >= first && c <= last ? c ^ 0x20 : c);
    }
    return end;
}

void mu_text_fold(mu_text text, bool upper, mu_writer *out)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.data;
    utf8proc_uint8_t other[4];
    utf8proc_int32_t letter;

    for (uint32_t at = 0; (at = fold_plain(text, at, upper, out)) < text.size;) {
        const utf8proc_ssize_t size = utf8proc_iterate(&bytes[at], text.size - at, &letter);
        if (size <= 0) { /* not UTF-8: it stays what it is */
            mu_write_u8(out, bytes[at++]);
            continue;
        }
        letter = upper ? utf8proc_toupper(letter) : utf8proc_tolower(letter);
        mu_write_bytes(out, other, (size_t)utf8proc_encode_char(letter, other));
        at += (uint32_t)size;
    }
}
