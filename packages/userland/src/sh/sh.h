/* The shell's shared declarations; each part is described in its own file. */
#ifndef SH_H
#define SH_H
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/* memory.c: what one command needs, given back at once. */
struct arena { struct chunk *chunks; };
struct mark { struct chunk *chunk; size_t used; };
extern struct arena *parse_arena;      /* parse trees */
extern struct arena scratch;           /* expansions */
void *arena_get(struct arena *a, size_t n);
char *arena_text(struct arena *a, const char *s, size_t n);
struct mark arena_mark(struct arena *a);
void arena_release(struct arena *a, struct mark m);
struct buffer { char *text; size_t used, size; };
void put(struct buffer *b, int c);
void put_text(struct buffer *b, const char *s);

/* parse.c: the tree. */
enum node_type {
  N_SIMPLE, N_PIPE, N_AND, N_OR, N_SEQ, N_BACKGROUND, N_NOT, N_SUBSHELL, N_GROUP, N_IF, N_WHILE, N_UNTIL, N_FOR, N_CASE,
  N_ITEM, N_FUNCTION
};
struct word { struct word *next; char *text; };
enum redir_type { R_IN, R_OUT, R_APPEND, R_CLOBBER, R_RDWR, R_DUP_IN, R_DUP_OUT, R_HERE };
struct redir { struct redir *next; enum redir_type type; int fd; char *text; int quoted, strip; };
struct node {
  enum node_type type;
  struct node *a, *b, *c, *next;
  struct word *words, *assigns;        /* words of a command, a for list or a pattern list */
  struct redir *redirs;
  char *name;
  int line;
};
struct node *parse_command(int *end);  /* one complete command; NULL for an empty line; *end at the end of input */
struct node *parse_until_paren(void);  /* the inside of $( ), up to its ')' */
void parse_reset(void);
extern int function_seen;

/* lex.c: characters and tokens. */
enum token {
  T_EOF, T_NEWLINE, T_WORD, T_SEMI, T_DSEMI, T_AMP, T_AND, T_PIPE, T_OR, T_LPAREN, T_RPAREN, T_LESS, T_GREAT, T_DGREAT,
  T_CLOBBER, T_LESSGREAT, T_LESSAND, T_GREATAND, T_DLESS, T_DLESSDASH, T_IONUMBER
};
struct input {
  struct input *below;
  const char *text;                    /* a string, or */
  int fd;                              /* a descriptor */
  int step;                            /* bytes to read at once */
  int at_end, line;
  int prompts;                         /* a person types: prompt before each line */
  struct alias *alias;
  char *buf;
  int pos, len;
};
extern struct input *input;
extern char *token_text;               /* of T_WORD, encoded */
extern int token_quoted, token_line, prompt_level;
enum token next_token(void);
void lex_reset(void);
void push_input(struct input *in);
void pop_input(void);
char *encode_here(char *body);
int read_line_raw(struct buffer *b);
void read_here_documents(void);
void add_here_document(struct redir *r);
void forget_here_documents(void);
#define CTL_BEGIN '\001'               /* CTL_BEGIN 'c' text CTL_END: command substitution; 'a': arithmetic */
#define CTL_END '\002'

/* expand.c */
char **expand_words(struct word *w, int *count);
char *expand_string(const char *text);     /* no splitting, no globbing */
char *expand_pattern(const char *text);    /* the same, quoted characters behind a backslash */
char *expand_here(const char *text);
char *expand_assignment(const char *text);
char *special_value(int c, char *space);
int64_t arithmetic(const char *text);

/* var.c */
struct var { struct var *next; char *name, *value; int flags; };
#define V_EXPORT 1
#define V_READONLY 2
extern char **positional;
extern int positional_count;
extern const char *shell_name;
struct var *find_var(const char *name, int length);
const char *get_var(const char *name);
void set_var(const char *name, const char *value, int flags);
void set_assignment(const char *text, int flags);
int unset_var(const char *name);
int is_name(const char *s, int length);
char **environment(void);
void import_environment(char **envp);
void list_vars(int flag, const char *prefix);
void set_positional(char **args, int count);
void save_local(const char *name);
struct local *locals_begin(void);
void locals_end(struct local *before);
int set_options(int argc, char **argv);

struct function { struct function *next; char *name; struct node *body; };
struct function *find_function(const char *name);
void define_function(const char *name, struct node *body);
int unset_function(const char *name);
struct alias { struct alias *next; char *name, *value; int busy; };
extern struct alias *aliases;
struct alias *find_alias(const char *name);

/* exec.c, redirect.c, command.c, job.c */
#define X_EXIT 1                       /* nothing follows: the process may be given away */
#define X_TESTED 2                     /* the result is tested: -e does not apply */
int run(struct node *n, int flags);
int run_text(const char *text);
int run_input(struct input *in, int toplevel);
int run_simple(struct node *n, int flags);
int run_pipe(struct node *n, int flags);
void enter_child(int background);
char *substitute_command(const char *text);
int call_function(struct function *f, int argc, char **argv);
void exec_program(char **argv, char **envp, const char *path) __attribute__((noreturn));
char *search_path(const char *name);
void forget_paths(void);
struct saved { struct saved *next; int fd, copy; };
int redirect(struct redir *r, struct saved **saved);
void restore(struct saved *saved);
enum { SKIP_NONE, SKIP_BREAK, SKIP_CONTINUE, SKIP_RETURN };
extern int skip, skip_count, loop_depth, function_depth, in_test;
int wait_for(int pid);
void add_job(int pid, struct node *n);
void reap_jobs(int tell);
int job_pid(const char *name);
void list_jobs(void);
void forget_jobs(void);
int wait_all(void);
int wait_one(int pid);
extern int last_background;

/* builtin.c and its parts */
typedef int builtin_function(int argc, char **argv);
struct builtin { const char *name; builtin_function *run; int special; };
const struct builtin *find_builtin(const char *name);
extern int in_main_shell;
int test_main(int argc, char **argv);
int echo_main(int argc, char **argv);
int printf_main(int argc, char **argv);
builtin_function do_read, do_getopts, do_trap, do_kill, do_wait, do_jobs, do_umask, do_alias, do_unalias, do_type, do_command;

/* trap.c */
extern char *traps[_NSIG];
extern volatile sig_atomic_t pending_signals, interrupted;
void run_traps(void);
void traps_for_child(void);
void setup_signals(void);
void leave(int status) __attribute__((noreturn));

/* main.c */
extern int substitutions; /* how many $( ) have been run */
extern int last_status, interactive, shell_pid, reading_line;
extern int opt_e, opt_x, opt_u, opt_f, opt_n, opt_v, opt_a, opt_C;
extern jmp_buf *recover;
void fail(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3))); /* to the top level, or out */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void give_up(int status) __attribute__((noreturn));
#endif
