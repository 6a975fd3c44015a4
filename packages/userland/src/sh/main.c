/* sh: options, the environment, the outermost loop, and what happens to errors. */
#include <fcntl.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "sh.h"

int substitutions, last_status, interactive, shell_pid, reading_line;
int opt_e, opt_x, opt_u, opt_f, opt_n, opt_v, opt_a, opt_C;
jmp_buf *recover;
static int opt_c, opt_i, opt_s, opt_l;

static const struct { char letter; const char *name; int *flag; } options[] = {
  { 'e', "errexit", &opt_e }, { 'x', "xtrace", &opt_x }, { 'u', "nounset", &opt_u }, { 'f', "noglob", &opt_f },
  { 'n', "noexec", &opt_n }, { 'v', "verbose", &opt_v }, { 'a', "allexport", &opt_a }, { 'C', "noclobber", &opt_C },
  { 'c', 0, &opt_c }, { 'i', "interactive", &opt_i }, { 's', "stdin", &opt_s }, { 'l', 0, &opt_l },
};

void complain(const char *format, ...)
{
  char text[512];
  va_list ap;
  fflush(stdout);
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  if (!opt_i && input && !input->text && input->line > 0) dprintf(2, "%s: line %d: %s\n", shell_name, input->line, text);
  else dprintf(2, "%s: %s\n", shell_name, text);
}

/* Leaves whatever runs: back to the prompt, or out of the shell. */
void give_up(int status)
{
  last_status = status;
  if (!interactive || !in_main_shell || !recover) leave(status);
  longjmp(*recover, 1);
}

void fail(int status, const char *format, ...)
{
  char text[512];
  va_list ap;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  complain("%s", text);
  give_up(status);
}

static int set_option(int on, const char *name, int letter)
{
  for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
    if (name ? options[i].name && !strcmp(options[i].name, name) : options[i].letter == letter) {
      *options[i].flag = on;
      return 0;
    }
  if (name) complain("%s: no such option", name);
  else complain("-%c: no such option", letter);
  return -1;
}

/* The options of sh and of set; the number of words used, or -1. */
int set_options(int argc, char **argv)
{
  int i = 0;
  for (; i < argc; i++) {
    const char *word = argv[i];
    int on = *word == '-';
    if ((!on && *word != '+') || !word[1]) break;
    if (!strcmp(word, "--")) return i + 1;
    for (const char *p = word + 1; *p; p++) {
      if (*p == 'o') {
        if (i + 1 >= argc) {
          for (unsigned k = 0; k < sizeof options / sizeof *options; k++)
            if (options[k].name) printf("%-12s %s\n", options[k].name, *options[k].flag ? "on" : "off");
          return argc;
        }
        if (set_option(on, argv[++i], 0) < 0) return -1;
      } else if (set_option(on, 0, *p) < 0) {
        return -1;
      }
    }
  }
  return i;
}

static void open_input(struct input *in, int argc, char **argv)
{
  static char small[1];
  struct stat st;
  memset(in, 0, sizeof *in);
  in->line = 1;
  if (opt_c) {
    if (argc < 1) fail(2, "-c needs a command");
    in->text = argv[0];
    if (argc > 1) {
      shell_name = argv[1];
      set_positional(argv + 2, argc - 2);
    }
    return;
  }
  in->buf = small;
  in->step = 1; /* a child may read the rest */
  if (argc > 0 && !opt_s) {
    shell_name = argv[0];
    set_positional(argv + 1, argc - 1);
    int fd = open(argv[0], O_RDONLY);
    if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
      int error = fd < 0 ? errno : EISDIR;
      dprintf(2, "sh: cannot open %s: %s\n", argv[0], strerror(error));
      _exit(error == ENOENT ? 127 : 126);
    }
    in->fd = fcntl(fd, F_DUPFD, 10);
    fcntl(in->fd, F_SETFD, FD_CLOEXEC);
    close(fd);
  } else {
    set_positional(argv, argc);
  }
  if (in->fd || isatty(0)) { /* a terminal gives a line at a time */
    in->step = 1024;
    in->buf = xmalloc(in->step);
  }
}

static void initial_variables(char **envp)
{
  char cwd[1024];
  import_environment(envp);
  if (!get_var("PATH")) set_var("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 0);
  if (!get_var("PS1")) set_var("PS1", geteuid() ? "$ " : "# ", 0);
  if (!get_var("PS2")) set_var("PS2", "> ", 0);
  set_var("IFS", " \t\n", 0);
  set_var("OPTIND", "1", 0);
  snprintf(cwd, sizeof cwd, "%d", getppid());
  set_var("PPID", cwd, 0);
  if (getcwd(cwd, sizeof cwd)) set_var("PWD", cwd, 0);
}

static void run_file(const char *path)
{
  struct input in;
  char *args[2] = { (char *)path, 0 };
  const char *name = shell_name;
  if (access(path, R_OK) < 0) return;
  int c = opt_c, s = opt_s;
  opt_c = opt_s = 0;
  char **kept = positional;
  int count = positional_count;
  positional = 0;
  positional_count = 0;
  open_input(&in, 1, args);
  set_positional(0, 0);
  positional = kept;
  positional_count = count;
  shell_name = name;
  opt_c = c;
  opt_s = s;
  run_input(&in, 0);
  close(in.fd);
}

int main(int argc, char **argv, char **envp)
{
  static struct input in;
  jmp_buf top;
  int login = argc > 0 && argv[0] && argv[0][0] == '-';
  shell_name = login ? argv[0] + 1 : argc > 0 && argv[0] ? argv[0] : "sh";
  shell_pid = getpid();
  initial_variables(envp);
  int used = set_options(argc - 1, argv + 1);
  if (used < 0) return 2;
  argc -= used + 1;
  argv += used + 1;
  open_input(&in, argc, argv);
  interactive = opt_i || (!opt_c && !opt_s && !in.fd && isatty(0) && isatty(2));
  opt_i = interactive;
  in.prompts = 1;
  setup_signals();
  int begun = 0;
  for (;;) {
    recover = &top;
    if (setjmp(top)) { /* an error or an interrupt in an interactive shell */
      fflush(stdout);
      input = 0;
      parse_reset();
      skip = loop_depth = function_depth = in_test = 0;
      in.pos = in.len;
      scratch.chunks = 0;
      parse_arena = 0;
    } else if (!begun) {
      begun = 1;
      if (login || opt_l) {
        run_file("/etc/profile");
        run_file(arena_text(&scratch, ".profile", 8));
      }
      const char *env = interactive ? get_var("ENV") : 0;
      if (env) run_file(expand_here(env));
      last_status = 0;
    }
    interrupted = 0;
    run_input(&in, 1);
    if (interactive && !in.text) writeall(2, "\n", 1);
    leave(last_status);
  }
}
