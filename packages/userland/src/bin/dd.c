/* dd [if=] [of=] [bs=] [ibs=] [obs=] [count=] [skip=] [seek=] [conv=notrunc,sync,noerror] */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long in_full, in_part, out_full, out_part;

static long size(const char *text)
{
  char *p = (char *)text;
  long n = strtol(p, &p, 10);
  for (;; p++) {
    if (*p == 'k' || *p == 'K') n *= 1024;
    else if (*p == 'M' || *p == 'm') n *= 1024 * 1024;
    else if (*p == 'b') n *= 512;
    else if (*p == 'w') n *= 2;
    else if (*p == 'x' && p[1]) return n * size(p + 1);
    else break;
  }
  if (*p || n < 0) errx(2, "%s: not a size", text);
  return n;
}

static void report(void)
{
  dprintf(2, "%lu+%lu records in\n%lu+%lu records out\n", in_full, in_part, out_full, out_part);
}

static void stop(int sig)
{
  (void)sig;
  report();
  _exit(130);
}

static void skip_input(int fd, long blocks, long ibs, char *buf)
{
  if (blocks == 0 || lseek(fd, blocks * ibs, SEEK_CUR) >= 0) return;
  while (blocks-- > 0)
    if (read(fd, buf, ibs) <= 0) break;
}

int main(int argc, char **argv)
{
  const char *in_name = 0, *out_name = 0;
  long ibs = 512, obs = 512, count = -1, skip = 0, seek = 0;
  int no_truncate = 0, pad = 0, no_error = 0;
  for (int i = 1; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (!value) errx(2, "%s: not name=value", argv[i]);
    *value++ = 0;
    const char *name = argv[i];
    if (!strcmp(name, "if")) in_name = value;
    else if (!strcmp(name, "of")) out_name = value;
    else if (!strcmp(name, "bs")) ibs = obs = size(value);
    else if (!strcmp(name, "ibs")) ibs = size(value);
    else if (!strcmp(name, "obs")) obs = size(value);
    else if (!strcmp(name, "count")) count = size(value);
    else if (!strcmp(name, "skip")) skip = size(value);
    else if (!strcmp(name, "seek")) seek = size(value);
    else if (!strcmp(name, "conv")) {
      no_truncate = strstr(value, "notrunc") != 0;
      pad = strstr(value, "sync") != 0;
      no_error = strstr(value, "noerror") != 0;
    } else errx(2, "%s: no such operand", name);
  }
  if (ibs <= 0 || obs <= 0) errx(2, "a block must have bytes");
  int in = in_name ? open(in_name, O_RDONLY) : 0;
  if (in < 0) err(1, "%s", in_name);
  int out = out_name ? open(out_name, O_RDWR | O_CREAT | (no_truncate || seek ? 0 : O_TRUNC), 0666) : 1;
  if (out < 0 && out_name) out = open(out_name, O_WRONLY | O_CREAT, 0666);
  if (out < 0) err(1, "%s", out_name);
  char *buf = xmalloc(ibs), *outbuf = ibs == obs ? 0 : xmalloc(obs);
  long held = 0;
  signal(SIGINT, stop);
  skip_input(in, skip, ibs, buf);
  if (seek && lseek(out, seek * obs, SEEK_CUR) < 0) err(1, "cannot seek in the output");
  if (seek && out_name && !no_truncate) ftruncate(out, seek * obs);
  int status = 0;
  for (; count < 0 || (long)(in_full + in_part) < count;) {
    long n = read(in, buf, ibs);
    if (n == 0) break;
    if (n < 0) {
      warn("%s", in_name ? in_name : "standard input");
      status = 1;
      if (!no_error) break;
      lseek(in, ibs, SEEK_CUR);
      n = 0;
    }
    if (n == ibs) in_full++;
    else in_part++;
    if (pad && n < ibs) {
      memset(buf + n, 0, ibs - n);
      n = ibs;
    }
    for (long at = 0; at < n;) {
      long take = outbuf ? (n - at < obs - held ? n - at : obs - held) : n;
      if (outbuf) {
        memcpy(outbuf + held, buf + at, take);
        held += take;
        at += take;
        if (held < obs) continue;
      } else {
        at = n;
      }
      if (writeall(out, outbuf ? outbuf : buf, outbuf ? obs : n) < 0) {
        warn("%s", out_name ? out_name : "standard output");
        report();
        return 1;
      }
      held = 0;
      if (outbuf || n == obs) out_full++;
      else out_part++;
    }
  }
  if (held > 0) {
    if (writeall(out, outbuf, held) < 0) err(1, "%s", out_name ? out_name : "standard output");
    out_part++;
  }
  report();
  return status;
}
