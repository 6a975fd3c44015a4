/* isdump [KEY ...]: the dumps of the information server as text: F1, SF6 (with shift); without a key, which there are */
#include <err.h>
#include <errno.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IS_DUMP 0x1700 /* contract-is */
#define FUNCTION_KEYS 12

static char text[4096];

static int server(void)
{
  message m;
  m.m1_p1 = (int)"is";
  m.m1_i1 = sizeof "is";
  if (_syscall(RS_PROC_NR, RS_LOOKUP, &m) < 0) errx(1, "there is no information server: service up /sbin/is");
  return m.m1_i1;
}

/* F1 to F12 are 1 to 12, SF1 to SF12 13 to 24; 0 where it is no key. */
static int key_of(const char *name)
{
  int shift = name[0] == 'S' || name[0] == 's';
  if (shift) name++;
  if (*name != 'F' && *name != 'f') return 0;
  int key = atoi(name + 1);
  return key < 1 || key > FUNCTION_KEYS ? 0 : shift ? FUNCTION_KEYS + key : key;
}

static void dump(int is, const char *name)
{
  message m;
  int key = key_of(name), next = 0;
  if (key == 0) errx(2, "%s is no function key: F1 to F12, SF1 to SF12", name);
  do {
    m.m1_i1 = key;
    m.m1_i2 = next;
    m.m1_i3 = sizeof text;
    m.m1_p1 = (int)text;
    if (_syscall(is, IS_DUMP, &m) < 0) {
      if (errno == EINVAL) errx(1, "%s: no dump has this key: see isdump", name);
      err(1, "%s", name);
    }
    if (m.m1_i1 > 0) write(1, text, m.m1_i1);
    next = m.m1_i2;
  } while (next > 0);
}

int main(int argc, char **argv)
{
  int is = server();
  if (argc < 2) dump(is, "SF5");
  for (int i = 1; i < argc; i++) dump(is, argv[i]);
  return 0;
}
