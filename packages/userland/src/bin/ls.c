/* ls [-1aACdFilRrSstun] [file ...] */
#include <dirent.h>
#include <err.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char opt[128];
static int status, width = 80, shown;
static time_t now;

struct entry { char *name; struct stat st; };
struct list { struct entry *items; int count, size; };

static long long key(const struct entry *e) { return opt['S'] ? e->st.st_size : opt['u'] ? e->st.st_atime : e->st.st_mtime; }

static int compare(const void *x, const void *y)
{
  const struct entry *a = x, *b = y;
  int order = 0;
  if (opt['t'] || opt['S']) order = key(a) < key(b) ? 1 : key(a) > key(b) ? -1 : 0;
  if (!order) order = strcmp(a->name, b->name);
  return opt['r'] ? -order : order;
}

static void add(struct list *l, const char *name, const char *path, int follow)
{
  struct entry e;
  if ((follow ? stat : lstat)(path, &e.st) < 0 && (!follow || lstat(path, &e.st) < 0)) {
    warn("%s", path);
    status = 1;
    return;
  }
  if (l->count == l->size) {
    l->size = l->size ? l->size * 2 : 32;
    l->items = xrealloc(l->items, l->size * sizeof *l->items);
  }
  e.name = xstrdup(name);
  l->items[l->count++] = e;
}

static void mode_text(char *s, unsigned mode)
{
  static const char types[] = "?pc?d?b?-?l?s???";
  *s++ = types[(mode >> 12) & 15];
  for (int shift = 6; shift >= 0; shift -= 3) {
    unsigned bits = mode >> shift, special = shift == 6 ? mode & S_ISUID : shift == 3 ? mode & S_ISGID : mode & S_ISVTX;
    *s++ = bits & 4 ? 'r' : '-';
    *s++ = bits & 2 ? 'w' : '-';
    *s++ = special ? (bits & 1 ? (shift ? 's' : 't') : shift ? 'S' : 'T') : bits & 1 ? 'x' : '-';
  }
  *s = 0;
}

static const char *user_name(unsigned id, int group)
{
  static struct { unsigned id; char name[12]; int known; } last[2];
  if (last[group].known && last[group].id == id) return last[group].name;
  struct passwd *pw = opt['n'] || group ? 0 : getpwuid(id);
  struct group *gr = opt['n'] || !group ? 0 : getgrgid(id);
  last[group].known = 1;
  last[group].id = id;
  if (pw || gr) strlcpy(last[group].name, pw ? pw->pw_name : gr->gr_name, 12);
  else snprintf(last[group].name, 12, "%u", id);
  return last[group].name;
}

static int suffix(const struct stat *st)
{
  if (!opt['F']) return 0;
  if (S_ISDIR(st->st_mode)) return '/';
  if (S_ISLNK(st->st_mode)) return '@';
  if (S_ISFIFO(st->st_mode)) return '|';
  if (S_ISSOCK(st->st_mode)) return '=';
  return S_ISREG(st->st_mode) && st->st_mode & 0111 ? '*' : 0;
}

static void print_long(const struct entry *e, const char *dir)
{
  char mode[12], when[20], link[PATH_MAX], path[PATH_MAX];
  const struct stat *st = &e->st;
  time_t t = opt['u'] ? st->st_atime : st->st_mtime;
  mode_text(mode, st->st_mode);
  printf("%s %3u %-8s %-8s ", mode, st->st_nlink, user_name(st->st_uid, 0), user_name(st->st_gid, 1));
  if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) printf("%3d, %3d", major(st->st_rdev), minor(st->st_rdev));
  else printf("%8lld", st->st_size);
  int recent = t > now - 15552000 && t <= now + 3600;
  strftime(when, sizeof when, recent ? "%b %e %H:%M" : "%b %e  %Y", localtime(&t));
  printf(" %s %s", when, e->name);
  int c = suffix(st);
  if (c && !S_ISLNK(st->st_mode)) putchar(c);
  if (S_ISLNK(st->st_mode)) {
    snprintf(path, sizeof path, "%s%s%s", dir, *dir ? "/" : "", e->name);
    int n = readlink(path, link, sizeof link - 1);
    if (n >= 0) printf(" -> %.*s", n, link);
  }
  putchar('\n');
}

static void print_columns(const struct list *l)
{
  int longest = 0;
  for (int i = 0; i < l->count; i++) {
    int n = strlen(l->items[i].name) + opt['F'];
    if (n > longest) longest = n;
  }
  int columns = width / (longest + 2);
  if (columns < 1 || !opt['C']) columns = 1;
  int rows = (l->count + columns - 1) / columns;
  for (int row = 0; row < rows; row++)
    for (int i = row; i < l->count; i += rows) {
      struct entry *e = &l->items[i];
      if (opt['i']) printf("%6llu ", e->st.st_ino);
      if (opt['s']) printf("%5lld ", e->st.st_blocks / 2);
      fputs(e->name, stdout);
      int c = suffix(&e->st), n = strlen(e->name) + (c != 0);
      if (c) putchar(c);
      if (i + rows < l->count) printf("%*s", longest + 2 - n, "");
      else putchar('\n');
    }
}

static void print(struct list *l, const char *dir)
{
  qsort(l->items, l->count, sizeof *l->items, compare);
  if (!opt['l']) {
    print_columns(l);
    return;
  }
  for (int i = 0; i < l->count; i++) {
    if (opt['i']) printf("%6llu ", l->items[i].st.st_ino);
    if (opt['s']) printf("%5lld ", l->items[i].st.st_blocks / 2);
    print_long(&l->items[i], dir);
  }
}

static void list_directory(const char *path, int title)
{
  struct list l = { 0, 0, 0 };
  struct dirent *e;
  char full[PATH_MAX];
  DIR *d = opendir(path);
  if (!d) {
    warn("%s", path);
    status = 1;
    return;
  }
  if (title) printf("%s%s:\n", shown ? "\n" : "", path);
  shown = 1;
  const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
  while ((e = readdir(d))) {
    int dots = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
    if (e->d_name[0] == '.' && !(opt['a'] || (opt['A'] && !dots))) continue;
    snprintf(full, sizeof full, "%s%s%s", path, slash, e->d_name);
    add(&l, e->d_name, full, 0);
  }
  closedir(d);
  if (opt['l'] || opt['s']) {
    long long blocks = 0;
    for (int i = 0; i < l.count; i++) blocks += l.items[i].st.st_blocks;
    printf("total %lld\n", blocks / 2);
  }
  print(&l, strcmp(path, "/") ? path : "");
  for (int i = 0; i < l.count && opt['R']; i++) {
    char *name = l.items[i].name;
    if (!S_ISDIR(l.items[i].st.st_mode) || !strcmp(name, ".") || !strcmp(name, "..")) continue;
    snprintf(full, sizeof full, "%s%s%s", path, slash, name);
    list_directory(full, 1);
  }
  for (int i = 0; i < l.count; i++) free(l.items[i].name);
  free(l.items);
}

int main(int argc, char **argv)
{
  struct list files = { 0, 0, 0 }, dirs = { 0, 0, 0 };
  struct winsize size;
  int c;
  if (isatty(1)) {
    opt['C'] = 1;
    if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col) width = size.ws_col;
  }
  while ((c = getopt(argc, argv, "1aACdFhilnRrSstu")) != -1) {
    if (c == '?') return 2;
    opt[c] = 1;
    if (c == '1' || c == 'l') opt['C'] = 0;
    if (c == 'n') opt['l'] = 1;
  }
  time(&now);
  if (optind >= argc) argv[--optind] = ".";
  int many = argc - optind > 1 || opt['R'];
  for (; optind < argc; optind++) {
    struct list one = { 0, 0, 0 };
    add(&one, argv[optind], argv[optind], !opt['l'] && !opt['F'] && !opt['d']);
    if (!one.count) continue;
    struct stat st;
    int is_dir = !opt['d'] && (S_ISDIR(one.items[0].st.st_mode) ||
                 (S_ISLNK(one.items[0].st.st_mode) && !opt['l'] && stat(argv[optind], &st) == 0 && S_ISDIR(st.st_mode)));
    add(is_dir ? &dirs : &files, argv[optind], argv[optind], !opt['l'] && !opt['F'] && !opt['d']);
  }
  if (files.count) {
    print(&files, "");
    shown = 1;
  }
  qsort(dirs.items, dirs.count, sizeof *dirs.items, compare);
  for (int i = 0; i < dirs.count; i++) list_directory(dirs.items[i].name, many || files.count);
  return status;
}
