/* Symbolic and octal permissions, for chmod and mkdir. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The permissions that `text` makes of `mode`; -1 where it cannot be read. */
static int parse_mode(const char *text, int mode, int is_dir)
{
  char *end;
  if (*text >= '0' && *text <= '7') {
    long m = strtol(text, &end, 8);
    return *end || m > 07777 ? -1 : m;
  }
  int mask = umask(0);
  umask(mask);
  for (;;) {
    int who = 0;
    for (; *text && strchr("ugoa", *text); text++)
      who |= *text == 'u' ? 04700 : *text == 'g' ? 02070 : *text == 'o' ? 01007 : 07777;
    int allowed = who ? 07777 : 07777 & ~mask;
    if (!who) who = 07777;
    if (!*text || !strchr("+-=", *text)) return -1;
    while (*text && strchr("+-=", *text)) {
      int op = *text++, bits = 0;
      for (; *text && strchr("rwxXstugo", *text); text++) {
        switch (*text) {
          case 'r': bits |= 0444; break;
          case 'w': bits |= 0222; break;
          case 'x': bits |= 0111; break;
          case 'X': bits |= is_dir || mode & 0111 ? 0111 : 0; break;
          case 's': bits |= 06000; break;
          case 't': bits |= 01000; break;
          case 'u': bits |= (mode >> 6 & 7) * 0111; break;
          case 'g': bits |= (mode >> 3 & 7) * 0111; break;
          default: bits |= (mode & 7) * 0111; break;
        }
      }
      bits &= who & allowed;
      mode = op == '+' ? mode | bits : op == '-' ? mode & ~bits : (mode & ~who) | bits;
    }
    if (!*text) return mode & 07777;
    if (*text++ != ',') return -1;
  }
}
