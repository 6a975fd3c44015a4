/* What the keywords of system.conf mean for a request to RS (reference/rs-sef-ds-syslib.md 3.3, 3.4). */
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "grammar.h"
#include "service.h"

#define MAX_CLASSES 100
#define MAX_IRQS 8 /* the kernel holds no more, though the request has room for 16 */
#define MAX_PORTS 16
#define MAX_CONTROL 8
#define KERNEL_CALLS 57
#define VM_CALLS 45

/* A request that is being filled in, and what must not be said twice. */
struct reading { struct rs_start *start; struct description *description; struct entry *all; const struct word *ipc, *type, *descr; };

struct call { const char *name; int number; };
static const struct call kernel_calls[] = {
  { "PRIVCTL", 4 }, { "TRACE", 5 }, { "KILL", 6 }, { "UMAP", 14 }, { "VIRCOPY", 15 }, { "PHYSCOPY", 16 }, { "UMAP_REMOTE", 17 },
  { "IRQCTL", 19 }, { "INT86", 20 }, { "DEVIO", 21 }, { "SDEVIO", 22 }, { "VDEVIO", 23 }, { "ABORT", 27 }, { "IOPENABLE", 28 },
  { "READBIOS", 35 }, { "STIME", 39 }, { "VMCTL", 43 }, { 0, 0 },
};
static const struct call vm_calls[] = {
  { "EXIT", 0 }, { "FORK", 1 }, { "BRK", 2 }, { "EXEC_NEWMEM", 3 }, { "PUSH_SIG", 4 }, { "WILLEXIT", 5 }, { "ADDDMA", 12 }, { "DELDMA", 13 },
  { "GETDMA", 14 }, { "REMAP", 33 }, { "SHM_UNMAP", 34 }, { "GETPHYS", 35 }, { "GETREF", 36 }, { "RS_SET_PRIV", 37 }, { "QUERY_EXIT", 38 },
  { "NOTIFY_SIG", 39 }, { "INFO", 40 }, { "RS_UPDATE", 41 }, { "RS_MEMCTL", 42 }, { "WATCH_EXIT", 43 }, { "REMAP_RO", 44 }, { 0, 0 },
};

static int is(const struct word *w, const char *text) { return !strcmp(w->text, text); }

/* The one word after a keyword. */
static const struct word *only(const struct word *key, const char *what)
{
  const struct word *w = key->next;
  if (!w) fatal_at(key, "%s: %s is missing", key->text, what);
  if (w->is_block) fatal_at(w, "%s: no block belongs here, but %s", key->text, what);
  if (w->next) fatal_at(w->next, "%s: '%s' is too much: one value is enough", key->text, w->next->text);
  return w;
}

/* Whether the list of a keyword is this word, which stands alone. */
static int list_is(const struct word *key, const char *text)
{
  for (const struct word *w = key->next; w; w = w->next)
    if (!w->is_block && is(w, text)) {
      if (w != key->next || w->next) fatal_at(w, "%s: %s stands alone: take it away, or the rest of the list", key->text, text);
      return 1;
    }
  return 0;
}

/* The words of a list: at least one, and no block among them. */
static const struct word *list_of(const struct word *key, const char *what)
{
  if (!key->next) fatal_at(key, "%s: %s are missing", key->text, what);
  for (const struct word *w = key->next; w; w = w->next)
    if (w->is_block) fatal_at(w, "%s: no block belongs here, but %s", key->text, what);
  return key->next;
}

static long number(const struct word *key, const struct word *w, long least, long most)
{
  char *end;
  errno = 0;
  long n = strtol(w->text, &end, 0);
  if (*end || end == w->text || errno || n < least || n > most) fatal_at(w, "%s: '%s' is not a number from %ld to %ld", key->text, w->text, least, most);
  return n;
}

/* Reads hexadecimal digits and goes on behind them. */
static unsigned long hex(const struct word *key, const struct word *w, const char **at, unsigned long most, const char *form)
{
  char *end;
  errno = 0;
  unsigned long n = strtoul(*at, &end, 16);
  if (end == *at || errno || n > most) fatal_at(w, "%s: '%s' is not of the form %s, hexadecimal and up to %lx", key->text, w->text, form, most);
  *at = end;
  return n;
}

static void unknown_call(const struct word *key, const struct word *w, const struct call *known)
{
  char list[320] = "";
  for (; known->name; known++) snprintf(list + strlen(list), sizeof list - strlen(list), " %s", known->name);
  fatal_at(w, "%s: there is no call '%s'; there are ALL BASIC NONE%s", key->text, w->text, list);
}

/* ALL, NONE and BASIC stand alone; names add to the basic calls, and to those that the entry has from its classes. */
static void set_calls(struct rs_start *s, const struct word *key, int kernel)
{
  uint32_t *mask = kernel ? s->kernel_calls : s->vm_calls;
  const struct call *known = kernel ? kernel_calls : vm_calls;
  int basic = kernel ? RSS_SYS_BASIC_CALLS : RSS_VM_BASIC_CALLS;
  const struct word *w = list_of(key, "calls");
  int none = list_is(key, "NONE");
  if (none || list_is(key, "BASIC")) {
    mask[0] = mask[1] = 0;
    s->flags = none ? s->flags & ~basic : s->flags | basic;
    return;
  }
  s->flags |= basic;
  if (list_is(key, "ALL")) {
    mask[0] = ~0u;
    mask[1] = (1u << ((kernel ? KERNEL_CALLS : VM_CALLS) - 32)) - 1;
    return;
  }
  for (; w; w = w->next) {
    int i = 0;
    while (known[i].name && !is(w, known[i].name)) i++;
    if (!known[i].name) unknown_call(key, w, known);
    mask[known[i].number >> 5] |= 1u << (known[i].number & 31);
  }
}

/* ALL, NONE, or a list that adds to what is there: 1 where the list is to be read. */
static int adds(const struct word *key, int *count, const char *what)
{
  list_of(key, what);
  int all = list_is(key, "ALL");
  if (all || list_is(key, "NONE")) {
    *count = all ? ALL_LINES : 0;
    return 0;
  }
  return *count != ALL_LINES;
}

static void set_ports(struct rs_start *s, const struct word *key)
{
  if (!adds(key, &s->io_count, "ports")) return;
  for (const struct word *w = key->next; w; w = w->next) {
    const char *at = w->text;
    if (s->io_count == MAX_PORTS) fatal_at(w, "io: more than %d ranges: join some of them", MAX_PORTS);
    unsigned long base = hex(key, w, &at, 0xFFFF, "BASE or BASE:LENGTH"), length = 1;
    if (*at == ':') at++, length = hex(key, w, &at, 0x10000, "BASE or BASE:LENGTH");
    if (*at || length == 0 || base + length > 0x10000) fatal_at(w, "io: '%s' is not of the form BASE or BASE:LENGTH, hexadecimal, with an end up to ffff", w->text);
    s->io[s->io_count].base = base;
    s->io[s->io_count++].length = length;
  }
}

static void set_lines(struct rs_start *s, const struct word *key)
{
  if (!adds(key, &s->irq_count, "interrupts")) return;
  for (const struct word *w = key->next; w; w = w->next) {
    if (s->irq_count == MAX_IRQS) fatal_at(w, "irq: more than %d: use ALL, or fewer", MAX_IRQS);
    s->irqs[s->irq_count++] = number(key, w, 0, 15);
  }
}

static void set_ipc(struct reading *r, const struct word *key)
{
  static char list[256];
  if (r->ipc) fatal_at(key, "a second ipc: the first is in %s:%d, put the names there", r->ipc->file, r->ipc->line);
  r->ipc = key;
  list_of(key, "names of programs");
  const char *alone = list_is(key, "ALL") ? "IPC_ALL" : list_is(key, "ALL_SYS") ? "IPC_ALL_SYS" : list_is(key, "NONE") ? "NONE" : 0;
  list[0] = 0;
  for (const struct word *w = key->next; w; w = w->next) {
    const char *name = alone ? alone : w->text;
    if (strlen(name) > 15) fatal_at(w, "ipc: '%s' is longer than the 15 characters that names of programs have", name);
    if (strlen(list) + strlen(name) + 2 > sizeof list) fatal_at(w, "ipc: the list is longer than 255 characters: use ALL_SYS");
    if (*list) strcat(list, " ");
    strcat(list, name);
  }
  r->start->ipc = (struct place){ list, strlen(list) };
}

static void set_uid(struct rs_start *s, const struct word *key)
{
  const struct word *w = only(key, "a login, a number or SELF");
  struct passwd *pw = getpwnam(w->text);
  char *end;
  long n = strtol(w->text, &end, 10);
  if (is(w, "SELF")) s->uid = getuid();
  else if (pw) s->uid = pw->pw_uid;
  else if (*end || end == w->text || n < 0 || n > 65535) fatal_at(w, "uid: '%s' is neither a login of /etc/passwd, nor SELF, nor a number from 0 to 65535", w->text);
  else s->uid = n;
}

static int endpoint_of(const struct word *key, const char *special, int value)
{
  const struct word *w = only(key, "a label");
  if (is(w, special)) return value;
  int endpoint = lookup(w->text);
  if (endpoint < 0) fatal_at(w, "%s: no service '%s' runs: start it first, or use %s", key->text, w->text, special);
  return endpoint;
}

static void set_pci(struct rs_start *s, const struct word *key)
{
  const struct word *w = key->next;
  int classes = w && is(w, "class");
  if (!w || (!classes && !is(w, "device"))) fatal_at(w ? w : key, "pci: 'device' or 'class' is missing");
  for (w = list_of(w, "numbers"); w; w = w->next) {
    const char *at = w->text, *form = classes ? "BASE, BASE/SUB or BASE/SUB/INTERFACE" : "VENDOR/DEVICE";
    unsigned long most = classes ? 0xFF : 0xFFFF, n[3] = { 0, 0, 0 };
    int parts = 0, allowed = classes ? 3 : 2;
    do n[parts++] = hex(key, w, &at, most, form);
    while (*at == '/' && parts < allowed && at++);
    if (*at || (!classes && parts != 2)) fatal_at(w, "pci: '%s' is not of the form %s, hexadecimal", w->text, form);
    if (classes ? s->class_count == 4 : s->pci_count == 32) fatal_at(w, "pci: more than %d", classes ? 4 : 32);
    if (classes) {
      s->classes[s->class_count].class = n[0] << 16 | n[1] << 8 | n[2];
      s->classes[s->class_count++].mask = parts == 3 ? 0xFFFFFF : parts == 2 ? 0xFFFF00 : 0xFF0000;
    } else {
      s->pci[s->pci_count].vendor = n[0];
      s->pci[s->pci_count++].device = n[1];
    }
  }
}

static void set_control(struct rs_start *s, const struct word *key)
{
  for (const struct word *w = list_of(key, "names of programs"); w; w = w->next) {
    if (s->control_count == MAX_CONTROL) fatal_at(w, "control: more than %d programs", MAX_CONTROL);
    s->control[s->control_count++] = (struct place){ w->text, strlen(w->text) };
  }
}

static void set_text(const struct word *key, const struct word **seen, const char **text)
{
  const struct word *w = only(key, "a text");
  if (*seen) fatal_at(key, "a second %s: the first is in %s:%d", key->text, (*seen)->file, (*seen)->line);
  *seen = key;
  *text = w->text;
}

static struct entry *find_service(struct entry *all, const char *name)
{
  for (; all; all = all->next) {
    const struct word *w = all->words, *label = w->next, *body = label ? label->next : 0;
    if (!is(w, "service")) fatal_at(w, "'%s' is not known here: entries are service NAME { ... };", w->text);
    if (!label || label->is_block) fatal_at(w, "the name of the program is missing: service NAME { ... };");
    if (!body || !body->is_block) fatal_at(label, "service %s: a block in braces is missing: service NAME { ... };", label->text);
    if (body->next) fatal_at(body->next, "service %s: a ; is missing after its }", label->text);
    if (!name || is(label, name)) return all;
  }
  return 0;
}

static void apply(struct reading *r, const struct entry *service, int depth);

static void include_classes(struct reading *r, const struct word *key, int depth)
{
  for (const struct word *w = list_of(key, "names of services"); w; w = w->next) {
    struct entry *class = find_service(r->all, w->text);
    if (!class) fatal_at(w, "class: there is no service '%s' in this file: write one, or include its file", w->text);
    if (depth == MAX_CLASSES) fatal_at(w, "class: '%s' includes itself, or classes are more than %d deep", w->text, MAX_CLASSES);
    apply(r, class, depth + 1);
  }
}

static void apply(struct reading *r, const struct entry *service, int depth)
{
  struct rs_start *s = r->start;
  for (const struct entry *e = service->words->next->next->block; e; e = e->next) {
    const struct word *key = e->words;
    if (is(key, "class")) include_classes(r, key, depth);
    else if (is(key, "uid")) set_uid(s, key);
    else if (is(key, "sigmgr")) s->sigmgr = endpoint_of(key, "SELF", EP_SELF);
    else if (is(key, "scheduler")) s->scheduler = endpoint_of(key, "KERNEL", EP_KERNEL);
    else if (is(key, "priority")) s->priority = number(key, only(key, "a number"), 0, 15);
    else if (is(key, "quantum")) s->quantum = number(key, only(key, "a number of milliseconds"), 1, 100000);
    else if (is(key, "cpu")) s->cpu = number(key, only(key, "a number"), 0, 255);
    else if (is(key, "irq")) set_lines(s, key);
    else if (is(key, "io")) set_ports(s, key);
    else if (is(key, "pci")) set_pci(s, key);
    else if (is(key, "system")) set_calls(s, key, 1);
    else if (is(key, "vm")) set_calls(s, key, 0);
    else if (is(key, "ipc")) set_ipc(r, key);
    else if (is(key, "control")) set_control(s, key);
    else if (is(key, "descr")) set_text(key, &r->descr, &r->description->text);
    else if (is(key, "type")) {
      set_text(key, &r->type, &r->description->type);
      if (strcmp(r->description->type, "net")) fatal_at(key->next, "type: '%s' is not known: there is only net", r->description->type);
    } else warn_at(key, "'%s' is no keyword, and is ignored", key->text);
  }
}

struct description read_settings(struct rs_start *s, const char *service, const char *file)
{
  struct description description = { 0, 0, 0 };
  struct reading r = { .start = s, .description = &description, .all = read_config(file) };
  struct entry *entry = find_service(r.all, service);
  struct passwd *pw = getpwnam("service");
  s->uid = pw ? (int)pw->pw_uid : -1;
  s->sigmgr = EP_RS;
  s->scheduler = EP_SCHED;
  s->priority = 7;
  s->quantum = 200;
  s->cpu = -1;
  s->flags |= RSS_SYS_BASIC_CALLS | RSS_VM_BASIC_CALLS;
  s->ipc = (struct place){ "IPC_ALL_SYS", 11 };
  if (!entry) errx(1, "service '%s' not found in '%s'", service ? service : "", file);
  description.name = entry->words->next->text;
  apply(&r, entry, 0);
  if (s->uid < 0) fatal_at(entry->words, "service %s has no uid, and /etc/passwd has no login 'service' to take instead", description.name);
  return description;
}

void configure(struct rs_start *s, const char *service, const char *file)
{
  static const char *const folders[] = { "/usr/pkg/etc/system.conf.d", "/etc/system.conf.d" };
  static char path[300];
  /* A file that is there counts, whether it can be read and has the service or not. */
  for (int i = 0; !file && i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", folders[i], service);
    if (access(path, F_OK) == 0) file = path;
  }
  read_settings(s, service, file ? file : "/etc/system.conf");
}
