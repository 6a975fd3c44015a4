/* grep [-EFchilnoqsvwxr] [-e pattern] [-A n] [-B n] [pattern] [file ...] */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char opt[128];
static struct pattern { struct pattern *next; char *text; regex_t re; } *patterns;
static int found, failed, names;

static void add_patterns(const char *text)
{
  for (;;) {
    int n = strcspn(text, "\n");
    struct pattern *p = xmalloc(sizeof *p);
    p->text = strndup(text, n);
    p->next = patterns;
    patterns = p;
    if (!text[n]) break;
    text += n + 1;
  }
}

static int word_at(const char *line, int start, int end)
{
  int before = start > 0 ? line[start - 1] : ' ', after = line[end] ? line[end] : ' ';
  return !isalnum((unsigned char)before) && before != '_' && !isalnum((unsigned char)after) && after != '_';
}

static int fixed(const struct pattern *p, const char *line, int from, regmatch_t *m)
{
  int n = strlen(p->text);
  for (const char *s = line + from; n <= (int)strlen(s); s++) {
    int same = opt['i'] ? !strncasecmp(s, p->text, n) : !strncmp(s, p->text, n);
    if (same) {
      m->rm_so = s - line;
      m->rm_eo = m->rm_so + n;
      return 1;
    }
    if (!*s) break;
  }
  return 0;
}

/* The first place behind `from` where a pattern matches. */
static int match_line(const char *line, int from, regmatch_t *best)
{
  int any = 0, length = strlen(line);
  for (struct pattern *p = patterns; p; p = p->next) {
    regmatch_t m;
    for (int at = from; at <= length; at = m.rm_so + 1) {
      if (opt['F'] ? !fixed(p, line, at, &m) : regexec(&p->re, line + at, 1, &m, at > 0 ? REG_NOTBOL : 0) != 0) break;
      if (!opt['F']) m.rm_so += at, m.rm_eo += at;
      if (opt['x'] && (m.rm_so != 0 || m.rm_eo != length)) continue;
      if (opt['w'] && (m.rm_so == m.rm_eo || !word_at(line, m.rm_so, m.rm_eo))) continue;
      if (!any || m.rm_so < best->rm_so || (m.rm_so == best->rm_so && m.rm_eo > best->rm_eo)) *best = m;
      any = 1;
      break;
    }
    if (any && !opt['o']) return 1;
  }
  return any;
}

static void print(const char *name, long number, const char *line, int n, int mark)
{
  if (names) printf("%s%c", name, mark);
  if (opt['n']) printf("%ld%c", number, mark);
  fwrite(line, 1, n, stdout);
  putchar('\n');
}

static void print_parts(const char *name, long number, const char *line)
{
  regmatch_t m;
  for (int at = 0; line[at] && match_line(line, at, &m);) {
    if (m.rm_eo > m.rm_so) print(name, number, line + m.rm_so, m.rm_eo - m.rm_so, ':');
    at = m.rm_eo > m.rm_so ? m.rm_eo : m.rm_eo + 1;
  }
}

static int after_lines, before_lines;

static void search(FILE *f, const char *name)
{
  static char *line;
  static size_t size;
  char *kept[64] = { 0 };
  long number = 0, count = 0, last = 0;
  ssize_t n;
  regmatch_t m;
  while ((n = getline(&line, &size, f)) > 0) {
    number++;
    if (line[n - 1] == '\n') line[--n] = 0;
    if (match_line(line, 0, &m) == opt['v']) {
      if (last && number <= last + after_lines) print(name, number, line, n, '-');
      else if (before_lines) {
        free(kept[number % before_lines]);
        kept[number % before_lines] = xstrdup(line);
      }
      continue;
    }
    found = 1;
    count++;
    if (opt['q']) exit(0);
    if (opt['l']) break;
    if (opt['c']) continue;
    for (long i = number - before_lines; before_lines && i < number; i++)
      if (i > 0 && kept[i % before_lines]) {
        print(name, i, kept[i % before_lines], strlen(kept[i % before_lines]), '-');
        free(kept[i % before_lines]);
        kept[i % before_lines] = 0;
      }
    last = number;
    if (opt['o'] && !opt['v']) print_parts(name, number, line);
    else print(name, number, line, n, ':');
  }
  if (opt['l'] && count) puts(name);
  if (opt['c']) {
    if (names) printf("%s:", name);
    printf("%ld\n", count);
  }
}

static void search_path(const char *path)
{
  struct stat st;
  struct dirent *e;
  char full[PATH_MAX];
  if (opt['r'] && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
    DIR *d = opendir(path);
    while (d && (e = readdir(d))) {
      if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
      snprintf(full, sizeof full, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", e->d_name);
      if (lstat(full, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode))) search_path(full);
    }
    if (d) closedir(d);
    return;
  }
  FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
  if (!f) {
    if (!opt['s']) warn("%s", path);
    failed = 1;
    return;
  }
  search(f, f == stdin ? "(standard input)" : path);
  if (ferror(f) && !opt['s']) warn("%s", path);
  failed |= ferror(f);
  if (f != stdin) fclose(f);
}

int main(int argc, char **argv)
{
  int c, have = 0;
  if (__progname[0] == 'e') opt['E'] = 1;
  if (__progname[0] == 'f') opt['F'] = 1;
  while ((c = getopt(argc, argv, "EFGHchilnoqsvwxrRe:f:A:B:C:")) != -1) {
    if (c == '?') return 2;
    if (c == 'e') add_patterns(optarg), have = 1;
    else if (c == 'A') after_lines = atoi(optarg);
    else if (c == 'B') before_lines = atoi(optarg);
    else if (c == 'C') before_lines = after_lines = atoi(optarg);
    else if (c == 'R') opt['r'] = 1;
    else if (c == 'f') {
      FILE *f = fopen(optarg, "r");
      char *line = 0;
      size_t size = 0;
      ssize_t n;
      if (!f) err(2, "%s", optarg);
      while ((n = getline(&line, &size, f)) > 0) {
        if (line[n - 1] == '\n') line[n - 1] = 0;
        add_patterns(line);
      }
      fclose(f);
      have = 1;
    } else opt[c] = 1;
  }
  if (before_lines > 63) before_lines = 63;
  if (!have) {
    if (optind >= argc) errx(2, "usage: grep [-EFchilnoqsvwxr] [-e pattern] [pattern] [file ...]");
    add_patterns(argv[optind++]);
  }
  for (struct pattern *p = patterns; p && !opt['F']; p = p->next)
    if (regcomp(&p->re, p->text, (opt['E'] ? REG_EXTENDED : 0) | (opt['i'] ? REG_ICASE : 0))) errx(2, "%s: bad pattern", p->text);
  names = !opt['h'] && (opt['H'] || argc - optind > 1 || opt['r']);
  if (optind >= argc) search_path(opt['r'] ? "." : "-");
  for (; optind < argc; optind++) search_path(argv[optind]);
  return failed ? 2 : !found;
}
