/* system.conf: words ended by a semicolon, blocks in braces, # after white space (reference/rs-sef-ds-syslib.md 3.3, 3.4). */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "service.h"

struct word { struct word *next; char *text; struct entry *block; };
struct entry { struct entry *next; struct word *words; };

static struct entry *read_entries(const char *file, FILE *f, int inner);

static void fatal(const char *file, const char *what, const char *word) { errx(1, "fatal error: %s: %s%s%s", file, what, word ? ": " : "", word ? word : ""); }

/* A word, or one of { } ; as a text of its own; NULL at the end of the file. */
static char *next_text(const char *file, FILE *f)
{
  char *text = xmalloc(512);
  int n = 0, c;
  for (;;) {
    while (isspace(c = getc(f))) continue;
    if (c != '#') break;
    while ((c = getc(f)) != '\n' && c != EOF) continue;
  }
  if (c == EOF) return 0;
  if (c == '"' || c == '\'') {
    int quote = c;
    while ((c = getc(f)) != quote) {
      if (c == EOF || n > 500) fatal(file, "a quote is not closed", 0);
      text[n++] = c;
    }
  } else if (strchr("{};", c)) {
    text[n++] = c;
  } else {
    for (; c != EOF && !isspace(c) && !strchr("{};", c); c = getc(f)) {
      if (c == '\\' && (c = getc(f)) == EOF) break;
      if (n > 500) fatal(file, "a word is too long", 0);
      text[n++] = c;
    }
    if (c != EOF) ungetc(c, f);
  }
  text[n] = 0;
  return text;
}

static struct entry *read_file(const char *file)
{
  FILE *f = fopen(file, "r");
  if (!f) err(1, "%s", file);
  struct entry *all = read_entries(file, f, 0);
  fclose(f);
  return all;
}

static struct entry *read_entries(const char *file, FILE *f, int inner)
{
  struct entry *first = 0, **end = &first;
  for (;;) {
    struct word *words = 0, **last = &words;
    char *text;
    while ((text = next_text(file, f)) && strcmp(text, ";")) {
      if (!strcmp(text, "}")) {
        if (!inner || words) fatal(file, "unexpected }", 0);
        return first;
      }
      struct word *w = xmalloc(sizeof *w);
      w->next = 0;
      w->text = text;
      w->block = !strcmp(text, "{") ? read_entries(file, f, 1) : 0;
      *last = w;
      last = &w->next;
    }
    if (!words && !text) {
      if (inner) fatal(file, "} is missing", 0);
      return first;
    }
    if (!text) fatal(file, "; is missing", 0);
    if (!words) continue;
    if (!strcmp(words->text, "include") && words->next) {
      *end = read_file(words->next->text);
      while (*end) end = &(*end)->next;
      continue;
    }
    struct entry *e = xmalloc(sizeof *e);
    e->next = 0;
    e->words = words;
    *end = e;
    end = &e->next;
  }
}

static const struct { const char *name; int number; } kernel_names[] = {
  { "PRIVCTL", 4 }, { "TRACE", 5 }, { "KILL", 6 }, { "UMAP", 14 }, { "VIRCOPY", 15 }, { "PHYSCOPY", 16 }, { "UMAP_REMOTE", 17 },
  { "IRQCTL", 19 }, { "INT86", 20 }, { "DEVIO", 21 }, { "SDEVIO", 22 }, { "VDEVIO", 23 }, { "ABORT", 27 }, { "IOPENABLE", 28 },
  { "READBIOS", 35 }, { "STIME", 39 }, { "VMCTL", 43 }, { 0, 0 },
};
static const struct { const char *name; int number; } vm_names[] = {
  { "EXIT", 0 }, { "FORK", 1 }, { "BRK", 2 }, { "EXEC_NEWMEM", 3 }, { "PUSH_SIG", 4 }, { "WILLEXIT", 5 }, { "ADDDMA", 12 }, { "DELDMA", 13 },
  { "GETDMA", 14 }, { "REMAP", 33 }, { "SHM_UNMAP", 34 }, { "GETPHYS", 35 }, { "GETREF", 36 }, { "RS_SET_PRIV", 37 }, { "QUERY_EXIT", 38 },
  { "NOTIFY_SIG", 39 }, { "INFO", 40 }, { "RS_UPDATE", 41 }, { "RS_MEMCTL", 42 }, { "WATCH_EXIT", 43 }, { "REMAP_RO", 44 }, { 0, 0 },
};

static const char *config_file;

static long number(const struct word *w, int base, long least, long most)
{
  char *end;
  if (!w) fatal(config_file, "a number is missing", 0);
  long n = strtol(w->text, &end, base);
  if (*end || end == w->text || n < least || n > most) fatal(config_file, "bad number", w->text);
  return n;
}

/* ALL, NONE and BASIC stand alone; names add to the basic calls. */
static void set_calls(struct rs_start *s, const struct word *w, int kernel)
{
  uint32_t *mask = kernel ? s->kernel_calls : s->vm_calls;
  int basic = kernel ? RSS_SYS_BASIC_CALLS : RSS_VM_BASIC_CALLS;
  mask[0] = mask[1] = 0;
  s->flags |= basic;
  if (!w) fatal(config_file, "calls are missing", 0);
  int alone = !strcmp(w->text, "ALL") || !strcmp(w->text, "NONE") || !strcmp(w->text, "BASIC");
  if (alone && w->next) fatal(config_file, "stands alone", w->text);
  if (!strcmp(w->text, "NONE")) s->flags &= ~basic;
  if (!strcmp(w->text, "ALL")) {
    mask[0] = ~0u;
    mask[1] = kernel ? 0x01FFFFFF : 0x1FFF; /* 57 and 45 bits */
  }
  if (alone) return;
  for (; w; w = w->next) {
    int i = 0, n;
    if (kernel) {
      while (kernel_names[i].name && strcmp(kernel_names[i].name, w->text)) i++;
      n = kernel_names[i].name ? kernel_names[i].number : -1;
    } else {
      while (vm_names[i].name && strcmp(vm_names[i].name, w->text)) i++;
      n = vm_names[i].name ? vm_names[i].number : -1;
    }
    if (n < 0) fatal(config_file, "no such call", w->text);
    mask[n >> 5] |= 1u << (n & 31);
  }
}

static int only(const struct word *w, const char *text) { return w && !w->next && !strcmp(w->text, text); }

static void set_ports(struct rs_start *s, const struct word *w)
{
  s->io_count = only(w, "ALL") ? ALL_LINES : 0;
  if (only(w, "ALL") || only(w, "NONE")) return;
  for (; w; w = w->next) {
    char *end;
    if (s->io_count == 16) fatal(config_file, "too many port ranges", w->text);
    s->io[s->io_count].base = strtoul(w->text, &end, 16);
    s->io[s->io_count].length = *end == ':' ? strtoul(end + 1, &end, 16) : 1;
    if (*end) fatal(config_file, "bad port range", w->text);
    s->io_count++;
  }
}

static void set_lines(struct rs_start *s, const struct word *w)
{
  s->irq_count = only(w, "ALL") ? ALL_LINES : 0;
  if (only(w, "ALL") || only(w, "NONE")) return;
  for (; w; w = w->next) {
    if (s->irq_count == 16) fatal(config_file, "too many interrupts", w->text);
    s->irqs[s->irq_count++] = number(w, 0, 0, 15);
  }
}

static void set_ipc(struct rs_start *s, const struct word *w)
{
  static char list[256];
  list[0] = 0;
  for (; w; w = w->next) {
    const char *name = !strcmp(w->text, "ALL") ? "IPC_ALL" : !strcmp(w->text, "ALL_SYS") ? "IPC_ALL_SYS" : w->text;
    if (strlen(list) + strlen(name) + 2 > sizeof list) fatal(config_file, "too many ipc targets", w->text);
    if (*list) strcat(list, " ");
    strcat(list, name);
  }
  s->ipc = (struct place){ list, strlen(list) };
}

static void set_uid(struct rs_start *s, const struct word *w)
{
  if (!w) fatal(config_file, "uid", 0);
  struct passwd *pw = getpwnam(w->text);
  if (!strcmp(w->text, "SELF")) s->uid = getuid();
  else s->uid = pw ? (int)pw->pw_uid : number(w, 10, 0, 65535);
}

static int endpoint_of(const struct word *w, const char *special, int value)
{
  if (!w) fatal(config_file, "a label is missing", 0);
  if (!strcmp(w->text, special)) return value;
  int endpoint = lookup(w->text);
  if (endpoint < 0) fatal(config_file, "no such service runs", w->text);
  return endpoint;
}

static void set_pci(struct rs_start *s, const struct word *w)
{
  int classes = w && !strcmp(w->text, "class");
  for (w = w ? w->next : 0; w; w = w->next) {
    char *end;
    unsigned long first = strtoul(w->text, &end, 16), second = *end == '/' ? strtoul(end + 1, &end, 16) : ~0ul;
    unsigned long third = *end == '/' ? strtoul(end + 1, &end, 16) : ~0ul;
    if (*end || (classes ? s->class_count == 4 : s->pci_count == 32)) fatal(config_file, "bad pci entry", w->text);
    if (classes) {
      s->classes[s->class_count].class = first << 16 | (second != ~0ul ? second << 8 : 0) | (third != ~0ul ? third : 0);
      s->classes[s->class_count++].mask = third != ~0ul ? 0xFFFFFF : second != ~0ul ? 0xFFFF00 : 0xFF0000;
    } else {
      s->pci[s->pci_count].vendor = first;
      s->pci[s->pci_count++].device = second;
    }
  }
}

static struct entry *find_service(struct entry *all, const char *name)
{
  for (; all; all = all->next) {
    if (strcmp(all->words->text, "service")) fatal(config_file, "service expected", all->words->text);
    struct word *label = all->words->next, *body = label ? label->next : 0;
    if (!body || !body->block || body->next) fatal(config_file, "service NAME { … } expected", label ? label->text : 0);
    if (!strcmp(label->text, name)) return all;
  }
  return 0;
}

static void apply(struct rs_start *s, struct entry *all, struct entry *service, int depth)
{
  for (struct entry *e = service->words->next->next->block; e; e = e->next) {
    const char *key = e->words->text;
    struct word *w = e->words->next;
    if (!strcmp(key, "class")) {
      for (; w; w = w->next) {
        struct entry *class = find_service(all, w->text);
        if (!class || depth > 100) fatal(config_file, "no such class", w->text);
        apply(s, all, class, depth + 1);
      }
    } else if (!strcmp(key, "uid")) set_uid(s, w);
    else if (!strcmp(key, "sigmgr")) s->sigmgr = endpoint_of(w, "SELF", EP_SELF);
    else if (!strcmp(key, "scheduler")) s->scheduler = endpoint_of(w, "KERNEL", EP_KERNEL);
    else if (!strcmp(key, "priority")) s->priority = number(w, 10, 0, 15);
    else if (!strcmp(key, "quantum")) s->quantum = number(w, 10, 1, 100000);
    else if (!strcmp(key, "cpu")) s->cpu = number(w, 10, 0, 255);
    else if (!strcmp(key, "irq")) set_lines(s, w);
    else if (!strcmp(key, "io")) set_ports(s, w);
    else if (!strcmp(key, "pci")) set_pci(s, w);
    else if (!strcmp(key, "system")) set_calls(s, w, 1);
    else if (!strcmp(key, "vm")) set_calls(s, w, 0);
    else if (!strcmp(key, "ipc")) set_ipc(s, w);
    else if (!strcmp(key, "control"))
      for (; w && s->control_count < 8; w = w->next) s->control[s->control_count++] = (struct place){ w->text, strlen(w->text) };
  }
}

void configure(struct rs_start *s, const char *service, const char *file)
{
  static char path[300];
  struct passwd *pw = getpwnam("service");
  s->uid = pw ? (int)pw->pw_uid : -1;
  s->sigmgr = EP_RS;
  s->scheduler = EP_SCHED;
  s->priority = 7;
  s->quantum = 200;
  s->cpu = -1;
  s->flags |= RSS_SYS_BASIC_CALLS | RSS_VM_BASIC_CALLS;
  s->ipc = (struct place){ "IPC_ALL_SYS", 11 };
  if (!file) {
    snprintf(path, sizeof path, "/etc/system.conf.d/%s", service);
    file = access(path, R_OK) == 0 ? path : "/etc/system.conf";
  }
  config_file = file;
  struct entry *all = read_file(file), *entry = find_service(all, service);
  if (!entry) errx(1, "service '%s' not found in '%s'", service, file);
  apply(s, all, entry, 0);
  if (s->uid < 0) fatal(file, "no uid", service);
}
