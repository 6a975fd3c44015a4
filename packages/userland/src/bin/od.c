/* od [-bcdox] [-A d|o|x|n] [-j skip] [-N count] [-t type] [file]; as hexdump (or -C): bytes and characters */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int format = 'o', base = 'o', canonical;

static void address(unsigned long at, const char *end)
{
  if (base != 'n') printf(base == 'd' ? "%07lu" : base == 'x' ? "%08lx" : "%07lo", at);
  fputs(end, stdout);
}

static void show_char(int c)
{
  static const char names[] = "0abtnvfr", codes[] = { 0, 7, 8, 9, 10, 11, 12, 13 };
  const char *p = memchr(codes, c, sizeof codes);
  if (p) printf("  \\%c", names[p - codes]);
  else if (isprint(c)) printf("   %c", c);
  else printf(" %03o", c);
}

static void show(const unsigned char *p, int n, unsigned long at)
{
  address(at, canonical ? " " : "");
  if (canonical) {
    for (int i = 0; i < 16; i++) {
      if (i % 8 == 0) putchar(' ');
      if (i < n) printf("%02x ", p[i]);
      else printf("   ");
    }
    printf(" |");
    for (int i = 0; i < n; i++) putchar(isprint(p[i]) ? p[i] : '.');
    puts("|");
    return;
  }
  int bytes = strchr("bcX", format) != 0;
  for (int i = 0; i < n; i += bytes ? 1 : 2) {
    unsigned word = p[i] | (i + 1 < n ? p[i + 1] << 8 : 0);
    if (format == 'b') printf(" %03o", p[i]);
    else if (format == 'c') show_char(p[i]);
    else if (format == 'X') printf(" %02x", p[i]);
    else printf(format == 'd' ? " %5u" : format == 'x' ? " %04x" : " %06o", word);
  }
  putchar('\n');
}

int main(int argc, char **argv)
{
  unsigned char line[16], last[16];
  unsigned long at = 0, left = ~0ul;
  int c, repeated = 0, all = 0;
  if (__progname[0] == 'h') canonical = 1, base = 'x';
  while ((c = getopt(argc, argv, "bcdoxCvA:j:N:t:")) != -1) {
    if (c == '?') return 2;
    if (c == 'A') base = *optarg;
    else if (c == 'j') at = strtoul(optarg, 0, 0);
    else if (c == 'N') left = strtoul(optarg, 0, 0);
    else if (c == 'v') all = 1;
    else if (c == 'C') canonical = 1, base = 'x';
    else if (c == 't') format = !strcmp(optarg, "x1") ? 'X' : !strcmp(optarg, "o1") ? 'b' : *optarg == 'u' ? 'd' : *optarg;
    else format = c;
  }
  FILE *f = optind < argc ? fopen(argv[optind], "r") : stdin;
  if (!f) err(1, "%s", argv[optind]);
  for (unsigned long i = 0; i < at; i++) getc(f);
  for (unsigned long start = at;;) {
    int n = fread(line, 1, left < 16 ? left : 16, f);
    if (n <= 0) break;
    left -= n;
    if (!all && at > start && n == 16 && !memcmp(line, last, 16)) {
      if (!repeated) puts("*");
      repeated = 1;
    } else {
      show(line, n, at);
      repeated = 0;
    }
    memcpy(last, line, sizeof last);
    at += n;
  }
  address(at, base == 'n' ? "" : "\n");
  return 0;
}
