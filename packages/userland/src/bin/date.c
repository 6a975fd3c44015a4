/* date [-u] [-r seconds | -s seconds] [+format] */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  char text[256];
  const char *format = "%a %b %e %H:%M:%S %Z %Y";
  time_t t = time(0);
  int c;
  while ((c = getopt(argc, argv, "ur:s:")) != -1) {
    if (c == '?') return 2;
    if (c == 'u') continue;
    t = strtol(optarg, 0, 10);
    if (c == 's' && stime(&t) < 0) err(1, "cannot set the time");
  }
  if (optind < argc && argv[optind][0] == '+') format = argv[optind] + 1;
  else if (optind < argc) errx(2, "usage: date [-u] [-r seconds | -s seconds] [+format]");
  text[0] = 0;
  strftime(text, sizeof text, format, localtime(&t));
  puts(text);
  return 0;
}
