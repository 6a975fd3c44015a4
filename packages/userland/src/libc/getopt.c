#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

int getopt(int argc, char *const argv[], const char *options)
{
  static int at = 0; /* place in a word of joined letters; 0: a new word */
  if (at == 0) {
    if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1]) return -1;
    if (!strcmp(argv[optind], "--")) {
      optind++;
      return -1;
    }
    at = 1;
  }
  int c = optopt = argv[optind][at++];
  const char *known = c == ':' ? 0 : strchr(options, c);
  int last = !argv[optind][at];
  if (known && known[1] == ':') {
    optarg = last ? argv[optind + 1] : argv[optind] + at;
    optind += last && optind + 1 < argc ? 2 : 1;
    at = 0;
    if (optarg) return c;
    if (opterr) dprintf(2, "%s: option -%c needs an argument\n", __progname, c);
    return '?';
  }
  if (last) {
    optind++;
    at = 0;
  }
  if (known) return c;
  if (opterr) dprintf(2, "%s: unknown option -%c\n", __progname, c);
  return '?';
}
