/* service: asks RS to start, stop, restart, update and list services (reference/rs-sef-ds-syslib.md 3). */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <minix/procinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "service.h"

#define TICKS_PER_SECOND 60
#define NR_SYS_PROCS 64
#define RESCUE_SCRIPT "/etc/rs.single"

/* struct rprocpub, 260 bytes: contract-rs. */
struct rprocpub {
  int16_t in_use, pad;
  uint32_t sys_flags;
  int32_t endpoint;
  uint32_t device_flags;
  int32_t major, style, style2;
  char label[16], name[16];
  char rest[200];
};
_Static_assert(sizeof(struct rprocpub) == 260, "struct rprocpub");

static int usage(void)
{
  dprintf(2, "usage: service [-c -r -n -p] (up|run|edit|update) <binary|self> [-args <args>] [-dev <special>] [-major <n>]\n"
             "         [-devstyle <style>] [-period <ticks|ticksHZ>] [-script <path>] [-label <name>] [-config <path>] [-state <n>] [-maxtime <ticks|ticksHZ>]\n"
             "       service update <label> --package <name[@version]> [-state <n>] [-maxtime <ticks|ticksHZ>]\n"
             "       service down|refresh|restart|clone|lookup <label>\n"
             "       service list | shutdown\n");
  exit(EINVAL);
}

static int request(int number, message *m)
{
  int r = _syscall(RS_PROC_NR, number, m);
  if (r >= 0) return r;
  int error = errno;
  dprintf(2, "Request 0x%x to RS failed: %s (error %d)\n", number, strerror(error), error);
  exit(error & 255 ? error & 255 : 1);
}

static void about_label(message *m, const char *label)
{
  m->m1_p1 = (int)label;
  m->m1_i1 = strlen(label);
}

int lookup(const char *label)
{
  message m;
  m.m1_p1 = (int)label;
  m.m1_i1 = strlen(label) + 1;
  return _syscall(RS_PROC_NR, RS_LOOKUP, &m) < 0 ? -1 : m.m1_i1;
}

static int pid_of(int endpoint)
{
  static struct proc_info table[PROC_INFO_RECORDS];
  static int have;
  message m;
  m.m1_i1 = SI_PROC_TAB;
  m.m1_i2 = sizeof table;
  m.m1_p1 = (int)table;
  if (!have && _syscall(PM_PROC_NR, COMMON_GETSYSINFO, &m) < 0) return 0;
  have = 1;
  for (int i = 0; i < PROC_INFO_RECORDS; i++)
    if (table[i].in_use && table[i].endpoint == endpoint) return table[i].pid;
  return 0;
}

static int list(void)
{
  static struct rprocpub table[NR_SYS_PROCS];
  message m;
  m.m1_i1 = SI_PROCPUB_TAB;
  m.m1_i2 = sizeof table;
  m.m1_p1 = (int)table;
  request(COMMON_GETSYSINFO, &m);
  printf("%-15s %8s %5s %-15s %5s\n", "LABEL", "ENDPOINT", "PID", "PROGRAM", "MAJOR");
  for (int i = 0; i < NR_SYS_PROCS; i++) {
    struct rprocpub *p = &table[i];
    if (!p->in_use) continue;
    printf("%-15.15s %8d %5d %-15.15s ", p->label, p->endpoint, pid_of(p->endpoint), p->name);
    if (p->major > 0) printf("%5d\n", p->major);
    else printf("    -\n");
  }
  return 0;
}

/* A count of ticks; "5HZ" is that of five seconds. */
static long ticks(const char *text)
{
  char *end;
  long n = strtol(text, &end, 10);
  if (!strcmp(end, "HZ")) n *= TICKS_PER_SECOND;
  else if (*end || end == text) usage();
  if (n < 0) usage();
  return n;
}

static void set_device(struct rs_start *s, const char *special)
{
  struct stat st;
  if (stat(special, &st) < 0) err(errno, "%s", special);
  if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) errx(EINVAL, "%s: is not a device", special);
  if (s->major) errx(EINVAL, "the major is given twice");
  s->major = major(st.st_rdev);
  if (!s->style) s->style = 1; /* STYLE_DEV */
}

static int style_number(const char *name)
{
  static const char *const names[] = { "STYLE_NDEV", "STYLE_DEV", "STYLE_DEVA", "STYLE_TTY", "STYLE_CTTY", "STYLE_CLONE", "STYLE_CLONE_A" };
  for (int i = 1; i < 7; i++)
    if (!strcmp(names[i], name)) return i;
  return usage();
}

static struct place text_place(const char *text) { return (struct place){ text, strlen(text) }; }

struct options { const char *arguments, *label, *config, *package; long state, most; };

static void read_options(struct rs_start *s, struct options *o, int argc, char **argv)
{
  for (; argc > 0; argc -= 2, argv += 2) {
    const char *name = argv[0], *value = argv[1];
    if (argc < 2) usage();
    if (!strcmp(name, "-args")) o->arguments = value;
    else if (!strcmp(name, "-dev")) set_device(s, value);
    else if (!strcmp(name, "-major")) s->major = atoi(value);
    else if (!strcmp(name, "-devstyle")) s->style = style_number(value);
    else if (!strcmp(name, "-devid")) s->devman_id = atoi(value);
    else if (!strcmp(name, "-period")) s->period = ticks(value);
    else if (!strcmp(name, "-script")) s->script = text_place(value);
    else if (!strcmp(name, "-label")) o->label = value;
    else if (!strcmp(name, "--package")) o->package = value;
    else if (!strcmp(name, "-config")) o->config = value;
    else if (!strcmp(name, "-state")) o->state = atol(value);
    else if (!strcmp(name, "-maxtime")) o->most = ticks(value);
    else usage();
  }
  if (o->state == 0) usage();
}

static void check_binary(const char *path)
{
  struct stat st;
  if (path[0] != '/') errx(EINVAL, "%s: the path must be absolute", path);
  if (stat(path, &st) < 0) {
    int error = errno;
    warn("%s", path);
    exit(error);
  }
  if (!S_ISREG(st.st_mode)) errx(EINVAL, "%s: is not a regular file", path);
}

/* up, run, edit and update: a whole description travels. */
static int with_description(int number, const char *action, unsigned flags, int argc, char **argv)
{
  static struct rs_start start;
  static char command[520];
  struct options o = { "", 0, 0, 0, 1, 0 };
  message m;
  if (argc < 1) usage();
  const char *path = argv[0], *slash = strrchr(path, '/');
  const char *program = slash ? slash + 1 : path;
  int self;
  start.flags = flags;
  start.devman_id = -1;
  read_options(&start, &o, argc - 1, argv + 1);
  /* A package: `service update ds --package NAME@VERSION`, with the settings that ds has. */
  if (o.package && number != RS_UPDATE) errx(EINVAL, "--package is for update");
  if (o.package) o.label = o.label ? o.label : path;
  self = number == RS_UPDATE && (o.package || !strcmp(path, "self"));
  if (!strcmp(action, "run")) start.script = text_place(RESCUE_SCRIPT);
  if ((number == RS_EDIT || self) && !o.label) errx(EINVAL, "%s needs -label", action);
  if (self) {
    path = o.package ? "#!hosted" : "/dev/null";
    if (o.package) o.arguments = o.package;
    start.flags |= RSS_SELF_LU | RSS_SYS_BASIC_CALLS | RSS_VM_BASIC_CALLS;
    start.sigmgr = EP_RS;
    start.scheduler = EP_SCHED;
    start.priority = 7;
    start.quantum = 200;
    start.cpu = -1;
    start.ipc = text_place("IPC_ALL_SYS");
  } else {
    check_binary(path);
    configure(&start, program, o.config);
  }
  if (snprintf(command, sizeof command, "%s %s", path, o.arguments) >= (int)sizeof command) errx(E2BIG, "the arguments are too long");
  start.command = text_place(command);
  start.label = text_place(o.label ? o.label : program);
  m.m1_p1 = (int)&start;
  m.m1_i2 = o.state;
  m.m1_i3 = o.most;
  return request(number, &m);
}

int main(int argc, char **argv)
{
  static const struct { const char *name; int number; } labels[] = {
    { "down", RS_DOWN }, { "refresh", RS_REFRESH }, { "restart", RS_RESTART }, { "clone", RS_CLONE },
  };
  static const struct { const char *name; int number; } described[] = {
    { "up", RS_UP }, { "run", RS_UP }, { "edit", RS_EDIT }, { "update", RS_UPDATE },
  };
  unsigned flags = 0;
  message m;
  int c;
  while ((c = getopt(argc, argv, "crnp")) != -1) {
    if (c == '?') usage();
    flags |= c == 'c' ? RSS_COPY : c == 'r' ? RSS_REUSE | RSS_COPY : c == 'n' ? RSS_NOBLOCK : RSS_REPLICA;
  }
  if (optind >= argc) usage();
  const char *action = argv[optind++];
  if (!strcmp(action, "list")) return list();
  if (!strcmp(action, "shutdown")) return request(RS_SHUTDOWN, &m);
  if (!strcmp(action, "lookup")) {
    if (optind >= argc) usage();
    int endpoint = lookup(argv[optind]);
    if (endpoint < 0) err(errno & 255, "%s", argv[optind]);
    printf("%d\n", endpoint);
    return 0;
  }
  for (unsigned i = 0; i < 4; i++) {
    if (!strcmp(action, labels[i].name)) {
      if (optind >= argc) usage();
      about_label(&m, argv[optind]);
      /* RS_RESTART is for a service that has ended; one that runs is refreshed, which ends it first. */
      if (labels[i].number == RS_RESTART && _syscall(RS_PROC_NR, RS_RESTART, &m) >= 0) return 0;
      if (labels[i].number == RS_RESTART && errno == EBUSY) {
        about_label(&m, argv[optind]);
        return request(RS_REFRESH, &m);
      }
      about_label(&m, argv[optind]);
      return request(labels[i].number, &m);
    }
    if (!strcmp(action, described[i].name)) return with_description(described[i].number, action, flags, argc - optind, argv + optind);
  }
  warnx("%s: unknown action", action);
  return ENOSYS;
}
