/* service: asks RS to start, stop, restart, update and list services (reference/rs-sef-ds-syslib.md 3). */
#include <err.h>
#include <errno.h>
#include <minix/callnr.h>
#include <minix/ipc.h>
#include <minix/procinfo.h>
#include <stdarg.h>
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

/* Says what is wrong and how it is right, and ends the program. */
static void __attribute__((noreturn, format(printf, 1, 2))) wrong(const char *format, ...)
{
  char text[300];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  warnx("%s", text);
  dprintf(2, "usage: service [-c -r -n -p] (up|run|edit|update) <binary|self> [-args <args>] [-dev <special>] [-major <n>]\n"
             "         [-devstyle <style>] [-period <ticks|ticksHZ>] [-script <path>] [-label <name>] [-config <path>] [-state <n>] [-maxtime <ticks|ticksHZ>]\n"
             "       service [-n] update <label> --package <name[@version]> [-state <n>] [-maxtime <ticks|ticksHZ>]\n"
             "       service down|refresh|restart|clone|lookup <label>\n"
             "       service list | shutdown\n");
  exit(EINVAL);
}

/* What an error of RS means for the request that had it. */
static const struct { int number, error; const char *meaning; } meanings[] = {
  { RS_UP, EBUSY, "the label or the major number is taken: see service list" },
  { RS_UP, ENOMEM, "there are too many services, or there is no memory for another" },
  { RS_UP, EINVAL, "a setting is out of its range" },
  { 0, ENOENT, "the program is not there, or names a package that this machine does not have" },
  { 0, ENOEXEC, "the program is neither an ELF file nor a #!hosted file" },
  { RS_UP, EDEADEPT, "the service ended before it was initialized, and is gone: see the messages" },
  { RS_UPDATE, ENOSYS, "the service cannot be updated while it runs" },
  { RS_UPDATE, EINVAL, "the service does not know this -state, or -maxtime is more than 20 seconds" },
  { RS_UPDATE, EINTR, "the service was not ready within -maxtime, and goes on as it was" },
  { RS_UPDATE, ERESTART, "the new version failed, and the old one goes on" },
  { RS_UPDATE, EOPNOTSUPP, "the new version breaks the contract of the old one, which goes on: the messages name the call" },
  { RS_CLONE, EEXIST, "it has a replica" },
  { RS_DOWN, EPERM, "only root may do that, and the system cannot be without this service" },
  { 0, ESRCH, "no service has this label: see service list" },
  { 0, EBUSY, "the service starts, is updated, or another request for it is not done: wait for it" },
  { 0, EPERM, "only root may do that, or a service that has it in its control list; a service that has ended can only be restarted or taken down" },
};

static int request(int number, message *m)
{
  int r = _syscall(RS_PROC_NR, number, m);
  if (r >= 0) return r;
  int error = errno;
  dprintf(2, "Request 0x%x to RS failed: %s (error %d)\n", number, strerror(error), error);
  for (unsigned i = 0; i < sizeof meanings / sizeof *meanings; i++) {
    if (meanings[i].error != error || (meanings[i].number && meanings[i].number != number)) continue;
    warnx("%s", meanings[i].meaning);
    break;
  }
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

static long number(const char *option, const char *text, long least, long most)
{
  char *end;
  errno = 0;
  long n = strtol(text, &end, 10);
  if (*end || end == text || errno || n < least || n > most) wrong("%s: '%s' is not a number from %ld to %ld", option, text, least, most);
  return n;
}

/* A count of ticks; "5HZ" is that of five seconds. */
static long ticks(const char *option, const char *text)
{
  char *end;
  errno = 0;
  long n = strtol(text, &end, 10), scale = strcmp(end, "HZ") ? 1 : TICKS_PER_SECOND;
  if ((*end && scale == 1) || end == text || errno || n < 0 || n > INT32_MAX / TICKS_PER_SECOND) wrong("%s: '%s' is neither a number of ticks nor of seconds, as in 5HZ", option, text);
  return n * scale;
}

static void set_major(struct rs_start *s, const char *option, int number)
{
  if (s->major) wrong("%s: the major number is given twice", option);
  s->major = number;
  if (!s->style) s->style = 1; /* STYLE_DEV */
}

static void set_device(struct rs_start *s, const char *special)
{
  struct stat st;
  if (stat(special, &st) < 0) {
    int error = errno;
    warn("-dev: %s", special);
    exit(error);
  }
  if (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)) wrong("-dev: %s is not a device", special);
  set_major(s, "-dev", major(st.st_rdev));
}

static int style_number(const char *name)
{
  static const char *const names[] = { "STYLE_DEV", "STYLE_DEVA", "STYLE_TTY", "STYLE_CTTY", "STYLE_CLONE", "STYLE_CLONE_A" };
  for (int i = 0; i < 6; i++)
    if (!strcmp(names[i], name)) return i + 1;
  wrong("-devstyle: there is no '%s', but STYLE_ and one of DEV DEVA TTY CTTY CLONE CLONE_A", name);
}

static struct place text_place(const char *text) { return (struct place){ text, strlen(text) }; }

struct options { const char *arguments, *label, *config, *package; long state, most; };

static void read_options(struct rs_start *s, struct options *o, int number_of_request, int argc, char **argv)
{
  for (; argc > 0; argc -= 2, argv += 2) {
    const char *name = argv[0], *value = argv[1];
    if (name[0] != '-') wrong("'%s' is too much: arguments of the program go into -args '...'", name);
    if (argc < 2) wrong("%s: its value is missing", name);
    if (!strcmp(name, "-args")) o->arguments = value;
    else if (!strcmp(name, "-dev")) set_device(s, value);
    else if (!strcmp(name, "-major")) set_major(s, name, number(name, value, 1, 255));
    else if (!strcmp(name, "-devstyle")) s->style = style_number(value);
    else if (!strcmp(name, "-devid")) errx(ENOSYS, "-devid: this system has no device manager");
    else if (!strcmp(name, "-period")) s->period = ticks(name, value);
    else if (!strcmp(name, "-script")) s->script = text_place(value);
    else if (!strcmp(name, "-label")) o->label = value;
    else if (!strcmp(name, "-config")) o->config = value;
    else if (number_of_request != RS_UPDATE && (!strcmp(name, "--package") || !strcmp(name, "-state") || !strcmp(name, "-maxtime"))) wrong("%s is for update", name);
    else if (!strcmp(name, "--package")) o->package = value;
    else if (!strcmp(name, "-state")) o->state = number(name, value, 1, INT32_MAX);
    else if (!strcmp(name, "-maxtime")) o->most = ticks(name, value);
    else wrong("%s: no such option", name);
  }
}

static void check_binary(const char *path)
{
  struct stat st;
  if (path[0] != '/') wrong("%s: the path of the program must begin with /", path);
  if (stat(path, &st) < 0) {
    int error = errno;
    warn("%s", path);
    exit(error);
  }
  if (!S_ISREG(st.st_mode)) wrong("%s is not a regular file", path);
}

/* up, run, edit and update: a whole description travels. */
static int with_description(int number, const char *action, unsigned flags, int argc, char **argv)
{
  static struct rs_start start;
  static char command[512];
  struct options o = { "", 0, 0, 0, 1, 0 };
  message m;
  if (argc < 1) wrong("%s: the program is missing", action);
  const char *path = argv[0], *slash = strrchr(path, '/');
  const char *program = slash ? slash + 1 : path;
  int self;
  start.flags = flags;
  start.devman_id = -1;
  read_options(&start, &o, number, argc - 1, argv + 1);
  /* A package: `service update ds --package NAME@VERSION`, with the settings that ds has. */
  if (o.package) o.label = o.label ? o.label : path;
  self = number == RS_UPDATE && (o.package || !strcmp(path, "self"));
  if (!strcmp(action, "run") && !start.script.length) start.script = text_place(RESCUE_SCRIPT);
  if ((number == RS_EDIT || self) && !o.label) wrong("%s: -label says which service is meant, and is missing", action);
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
  if (snprintf(command, sizeof command, "%s %s", path, o.arguments) >= (int)sizeof command) errx(E2BIG, "path and arguments are longer than 511 characters");
  start.command = text_place(command);
  start.label = text_place(o.label ? o.label : program);
  m.m1_p1 = (int)&start;
  m.m1_i2 = o.state;
  m.m1_i3 = o.most;
  return request(number, &m);
}

/* The one label of an action. */
static const char *label_of(const char *action, int argc, char **argv)
{
  if (argc < 1) wrong("%s: the label is missing: see service list", action);
  if (argc > 1) wrong("%s: '%s' is too much: one label is enough", action, argv[1]);
  if (!*argv[0]) wrong("%s: the label is empty", action);
  return argv[0];
}

static int with_label(int number, const char *label)
{
  message m;
  about_label(&m, label);
  /* RS_RESTART is for a service that has ended; one that runs is refreshed, which ends it first. */
  if (number == RS_RESTART) {
    if (_syscall(RS_PROC_NR, RS_RESTART, &m) >= 0) return 0;
    if (errno == EBUSY) number = RS_REFRESH;
    about_label(&m, label);
  }
  return request(number, &m);
}

static int print_endpoint(const char *label)
{
  int endpoint = lookup(label);
  if (endpoint < 0) {
    int error = errno;
    warn("%s", label);
    return error;
  }
  printf("%d\n", endpoint);
  return 0;
}

int main(int argc, char **argv)
{
  static const struct { const char *name; int number; } labels[] = {
    { "down", RS_DOWN }, { "refresh", RS_REFRESH }, { "restart", RS_RESTART }, { "clone", RS_CLONE }, { "lookup", RS_LOOKUP },
  };
  static const struct { const char *name; int number; } described[] = {
    { "up", RS_UP }, { "run", RS_UP }, { "edit", RS_EDIT }, { "update", RS_UPDATE },
  };
  unsigned flags = 0;
  message m;
  int c;
  while ((c = getopt(argc, argv, "crnp")) != -1) {
    if (c == '?') wrong("before the action there are -c -r -n -p only");
    flags |= c == 'c' ? RSS_COPY : c == 'r' ? RSS_REUSE | RSS_COPY : c == 'n' ? RSS_NOBLOCK : RSS_REPLICA;
  }
  if (optind >= argc) wrong("the action is missing");
  const char *action = argv[optind++];
  argc -= optind, argv += optind;
  for (unsigned i = 0; i < sizeof described / sizeof *described; i++)
    if (!strcmp(action, described[i].name)) return with_description(described[i].number, action, flags, argc, argv);
  if (flags) wrong("-c -r -n -p are for up, run, edit and update");
  for (unsigned i = 0; i < sizeof labels / sizeof *labels; i++) {
    if (strcmp(action, labels[i].name)) continue;
    const char *label = label_of(action, argc, argv);
    return labels[i].number == RS_LOOKUP ? print_endpoint(label) : with_label(labels[i].number, label);
  }
  int whole = !strcmp(action, "list") || !strcmp(action, "shutdown");
  if (whole && argc > 0) wrong("%s: '%s' is too much", action, argv[0]);
  if (!strcmp(action, "list")) return list();
  if (!strcmp(action, "shutdown")) return request(RS_SHUTDOWN, &m);
  warnx("%s: there is no such action, but up run edit update down refresh restart clone lookup list shutdown", action);
  return ENOSYS;
}
