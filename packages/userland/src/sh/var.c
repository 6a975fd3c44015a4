/* Variables, positional parameters, functions and aliases. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sh.h"

#define BUCKETS 32
static struct var *vars[BUCKETS];
char **positional;
int positional_count;
const char *shell_name = "sh";

static unsigned bucket(const char *name, int length)
{
  unsigned h = 0;
  while (length-- > 0) h = h * 31 + (unsigned char)*name++;
  return h % BUCKETS;
}

int is_name(const char *s, int length)
{
  if (length <= 0 || isdigit(*s)) return 0;
  for (; length > 0; length--, s++)
    if (!isalnum((unsigned char)*s) && *s != '_') return 0;
  return 1;
}

struct var *find_var(const char *name, int length)
{
  for (struct var *v = vars[bucket(name, length)]; v; v = v->next)
    if (!strncmp(v->name, name, length) && !v->name[length]) return v;
  return 0;
}

/* NULL when it is unset (exported without a value counts as unset). */
const char *get_var(const char *name)
{
  struct var *v = find_var(name, strlen(name));
  return v ? v->value : 0;
}

static struct var *make_var(const char *name)
{
  int length = strlen(name);
  struct var *v = find_var(name, length);
  if (!v) {
    v = xmalloc(sizeof *v);
    v->name = xstrdup(name);
    v->value = 0;
    v->flags = 0;
    v->next = vars[bucket(name, length)];
    vars[bucket(name, length)] = v;
  }
  return v;
}

void set_var(const char *name, const char *value, int flags)
{
  struct var *v = make_var(name);
  if (value) {
    if (v->flags & V_READONLY) fail(2, "%s: is read only", name);
    char *copy = xstrdup(value);
    free(v->value);
    v->value = copy;
    if (!strcmp(name, "PATH")) forget_paths();
  }
  v->flags |= flags | (opt_a ? V_EXPORT : 0);
}

void set_assignment(const char *text, int flags)
{
  int length = strcspn(text, "=");
  char *name = arena_text(&scratch, text, length);
  if (!is_name(name, length)) fail(2, "%s: bad variable name", name);
  set_var(name, text[length] ? text + length + 1 : 0, flags);
}

int unset_var(const char *name)
{
  for (struct var **at = &vars[bucket(name, strlen(name))]; *at; at = &(*at)->next) {
    struct var *v = *at;
    if (strcmp(v->name, name)) continue;
    if (v->flags & V_READONLY) {
      complain("%s: is read only", name);
      return 1;
    }
    *at = v->next;
    free(v->name);
    free(v->value);
    free(v);
    if (!strcmp(name, "PATH")) forget_paths();
    return 0;
  }
  return 0;
}

void import_environment(char **envp)
{
  for (; envp && *envp; envp++) {
    int length = strcspn(*envp, "=");
    if (!(*envp)[length] || !is_name(*envp, length)) continue;
    char *name = arena_text(&scratch, *envp, length);
    set_var(name, *envp + length + 1, V_EXPORT);
  }
}

char **environment(void)
{
  int n = 0;
  for (int i = 0; i < BUCKETS; i++)
    for (struct var *v = vars[i]; v; v = v->next) n += v->flags & V_EXPORT && v->value;
  char **envp = arena_get(&scratch, (n + 1) * sizeof *envp);
  n = 0;
  for (int i = 0; i < BUCKETS; i++)
    for (struct var *v = vars[i]; v; v = v->next)
      if (v->flags & V_EXPORT && v->value) {
        envp[n] = arena_get(&scratch, strlen(v->name) + strlen(v->value) + 2);
        sprintf(envp[n++], "%s=%s", v->name, v->value);
      }
  envp[n] = 0;
  return envp;
}

static int by_name(const void *a, const void *b) { return strcmp((*(struct var *const *)a)->name, (*(struct var *const *)b)->name); }

/* Prints variables in a form that can be read back; flag 0 is all that have a value. */
void list_vars(int flag, const char *prefix)
{
  int n = 0;
  for (int i = 0; i < BUCKETS; i++)
    for (struct var *v = vars[i]; v; v = v->next) n++;
  struct var **all = arena_get(&scratch, (n + 1) * sizeof *all);
  n = 0;
  for (int i = 0; i < BUCKETS; i++)
    for (struct var *v = vars[i]; v; v = v->next)
      if (flag ? v->flags & flag : v->value != 0) all[n++] = v;
  qsort(all, n, sizeof *all, by_name);
  for (int i = 0; i < n; i++) {
    printf("%s%s", prefix, all[i]->name);
    if (all[i]->value) {
      printf("='");
      for (const char *p = all[i]->value; *p; p++)
        if (*p == '\'') printf("'\\''");
        else putchar(*p);
      putchar('\'');
    }
    putchar('\n');
  }
}

void set_positional(char **args, int count)
{
  char **copy = xmalloc((count + 1) * sizeof *copy);
  for (int i = 0; i < count; i++) copy[i] = xstrdup(args[i]);
  copy[count] = 0;
  for (int i = 0; i < positional_count; i++) free(positional[i]);
  free(positional);
  positional = copy;
  positional_count = count;
}

/* What `local` hid, newest first. */
struct local { struct local *next; char *name, *value; int flags; };
static struct local *locals;

struct local *locals_begin(void) { return locals; }

void save_local(const char *name)
{
  struct var *v = find_var(name, strlen(name));
  struct local *l = xmalloc(sizeof *l);
  l->name = xstrdup(name);
  l->value = v && v->value ? xstrdup(v->value) : 0;
  l->flags = v ? v->flags : -1;
  l->next = locals;
  locals = l;
}

void locals_end(struct local *before)
{
  while (locals != before) {
    struct local *l = locals;
    locals = l->next;
    struct var *v = find_var(l->name, strlen(l->name));
    if (v) v->flags &= ~V_READONLY;
    unset_var(l->name);
    if (l->flags >= 0) {
      set_var(l->name, l->value, 0);
      make_var(l->name)->flags = l->flags;
    }
    free(l->name);
    free(l->value);
    free(l);
  }
}

static struct function *functions;

struct function *find_function(const char *name)
{
  for (struct function *f = functions; f; f = f->next)
    if (!strcmp(f->name, name)) return f;
  return 0;
}

/* The body stays where it was parsed: its arena is kept. */
void define_function(const char *name, struct node *body)
{
  struct function *f = find_function(name);
  if (!f) {
    f = xmalloc(sizeof *f);
    f->name = xstrdup(name);
    f->next = functions;
    functions = f;
  }
  f->body = body;
}

int unset_function(const char *name)
{
  for (struct function **at = &functions; *at; at = &(*at)->next)
    if (!strcmp((*at)->name, name)) {
      *at = (*at)->next;
      return 0;
    }
  return 0;
}

struct alias *aliases;

struct alias *find_alias(const char *name)
{
  for (struct alias *a = aliases; a; a = a->next)
    if (!strcmp(a->name, name)) return a;
  return 0;
}
