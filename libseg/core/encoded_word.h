/* Encoded words, as mail has them in its headers: "=?UTF-8?Q?gr=C3=BC=C3=9Fe?=". They have no
 * place in HTTP (RFC 6266, appendix C.1), yet servers send them as file names, and Chrome, Edge and
 * Firefox decode them there. Pure. RFC 2047; the language in a charset is RFC 2231's, section 5. */
#ifndef SEGUE_CORE_ENCODED_WORD_H
#define SEGUE_CORE_ENCODED_WORD_H

/* `text` with its encoded words decoded, and without the blanks between two of them, as UTF-8 owned
 * by the caller (sg_free). NULL when there is none or one is broken, when its charset is neither
 * UTF-8, US-ASCII nor ISO-8859-1, when what comes out is not valid UTF-8 or has a NUL in it, and
 * when memory ran out. */
char *encoded_words_decode(const char *text);

#endif
