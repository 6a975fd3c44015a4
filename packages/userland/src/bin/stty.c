/* stty [-a] [setting ...] on standard input */
#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

static const struct { const char *name; int group; unsigned bit; } flags[] = {
  { "brkint", 0, BRKINT }, { "icrnl", 0, ICRNL }, { "ignbrk", 0, IGNBRK }, { "igncr", 0, IGNCR }, { "ignpar", 0, IGNPAR },
  { "inlcr", 0, INLCR }, { "inpck", 0, INPCK }, { "istrip", 0, ISTRIP }, { "ixoff", 0, IXOFF }, { "ixon", 0, IXON },
  { "parmrk", 0, PARMRK }, { "ixany", 0, IXANY }, { "opost", 1, OPOST }, { "onlcr", 1, ONLCR }, { "xtabs", 1, XTABS },
  { "clocal", 2, CLOCAL }, { "cread", 2, CREAD }, { "cstopb", 2, CSTOPB }, { "hupcl", 2, HUPCL }, { "parenb", 2, PARENB },
  { "parodd", 2, PARODD }, { "echo", 3, ECHO }, { "echoe", 3, ECHOE }, { "echok", 3, ECHOK }, { "echonl", 3, ECHONL },
  { "icanon", 3, ICANON }, { "iexten", 3, IEXTEN }, { "isig", 3, ISIG }, { "noflsh", 3, NOFLSH }, { "tostop", 3, TOSTOP },
};
static const struct { const char *name; int index; } characters[] = {
  { "intr", VINTR }, { "quit", VQUIT }, { "erase", VERASE }, { "kill", VKILL }, { "eof", VEOF }, { "eol", VEOL }, { "start", VSTART },
  { "stop", VSTOP }, { "susp", VSUSP }, { "reprint", VREPRINT }, { "lnext", VLNEXT }, { "discard", VDISCARD },
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static tcflag_t *group(struct termios *t, int n) { return n == 0 ? &t->c_iflag : n == 1 ? &t->c_oflag : n == 2 ? &t->c_cflag : &t->c_lflag; }

static void show(struct termios *t)
{
  struct winsize size = { 0, 0, 0, 0 };
  ioctl(0, TIOCGWINSZ, &size);
  printf("rows %d columns %d speed %x\n", size.ws_row, size.ws_col, t->c_ospeed);
  for (unsigned i = 0; i < COUNT(characters); i++) {
    int c = t->c_cc[characters[i].index];
    if (c == 0xFF) printf("%s = <undef>; ", characters[i].name);
    else if (c < 32 || c == 127) printf("%s = ^%c; ", characters[i].name, c ^ 64);
    else printf("%s = %c; ", characters[i].name, c);
  }
  printf("min = %d; time = %d\n", t->c_cc[VMIN], t->c_cc[VTIME]);
  for (unsigned i = 0; i < COUNT(flags); i++) {
    printf("%s%s", *group(t, flags[i].group) & flags[i].bit ? "" : "-", flags[i].name);
    putchar(i + 1 == COUNT(flags) || flags[i + 1].group != flags[i].group ? '\n' : ' ');
  }
}

static int character(const char *text)
{
  if (text[0] == '^' && text[1]) return text[1] == '-' ? 0xFF : text[1] == '?' ? 127 : text[1] & 31;
  if (!strcmp(text, "undef")) return 0xFF;
  return (unsigned char)text[0];
}

static void set_mode(struct termios *t, int raw)
{
  if (raw) {
    t->c_iflag &= ~(ICRNL | INLCR | IGNCR | IXON | ISTRIP | BRKINT);
    t->c_oflag &= ~OPOST;
    t->c_lflag &= ~(ICANON | ISIG | IEXTEN | ECHO | ECHONL);
    t->c_cc[VMIN] = 1;
    t->c_cc[VTIME] = 0;
  } else {
    t->c_iflag |= BRKINT | ICRNL | IXON;
    t->c_oflag |= OPOST | ONLCR;
    t->c_lflag |= ICANON | ISIG | IEXTEN | ECHO | ECHOE;
    t->c_cc[VEOF] = 4;
    t->c_cc[VEOL] = 0xFF;
  }
}

int main(int argc, char **argv)
{
  struct termios t;
  if (tcgetattr(0, &t) < 0) err(1, "standard input");
  if (argc == 1 || !strcmp(argv[1], "-a")) {
    show(&t);
    return 0;
  }
  for (int i = 1; i < argc; i++) {
    int off = argv[i][0] == '-', known = 0;
    const char *name = argv[i] + off;
    for (unsigned k = 0; k < COUNT(flags); k++)
      if (!strcmp(name, flags[k].name)) {
        tcflag_t *g = group(&t, flags[k].group);
        *g = off ? *g & ~flags[k].bit : *g | flags[k].bit;
        known = 1;
      }
    for (unsigned k = 0; k < COUNT(characters) && i + 1 < argc; k++)
      if (!strcmp(name, characters[k].name)) {
        t.c_cc[characters[k].index] = character(argv[++i]);
        known = 1;
        break;
      }
    if (!strcmp(name, "raw") || !strcmp(name, "sane") || !strcmp(name, "cooked")) {
      set_mode(&t, (*name == 'r') != off);
      known = 1;
    } else if ((!strcmp(name, "min") || !strcmp(name, "time")) && i + 1 < argc) {
      t.c_cc[*name == 'm' ? VMIN : VTIME] = atoi(argv[++i]);
      known = 1;
    } else if ((!strcmp(name, "rows") || !strcmp(name, "cols") || !strcmp(name, "columns")) && i + 1 < argc) {
      struct winsize size = { 0, 0, 0, 0 };
      ioctl(0, TIOCGWINSZ, &size);
      *(*name == 'r' ? &size.ws_row : &size.ws_col) = atoi(argv[++i]);
      ioctl(0, TIOCSWINSZ, &size);
      known = 1;
    }
    if (!known) errx(2, "%s: unknown setting", argv[i]);
  }
  if (tcsetattr(0, TCSADRAIN, &t) < 0) err(1, "standard input");
  return 0;
}
