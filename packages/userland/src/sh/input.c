/* Where characters come from: strings, files and terminals, one above the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lex.h"

struct input *input;
int prompt_level;
struct buffer *capture;         /* the raw text of a $( ) while its inside is parsed */
int back[4], back_count;         /* characters given back */

void push_input(struct input *in)
{
  in->below = input;
  input = in;
}

void pop_input(void)
{
  struct input *in = input;
  input = in->below;
  if (in->alias) {
    in->alias->busy = 0;
    free(in);
  }
}

static void prompt(void)
{
  if (!interactive || !input->prompts) return;
  fflush(stdout);
  const char *ps = get_var(prompt_level ? "PS2" : "PS1");
  if (ps && *ps) {
    struct mark m = arena_mark(&scratch);
    char *text = expand_here(ps);
    writeall(2, text, strlen(text));
    arena_release(&scratch, m);
  }
  prompt_level++;
}

static int fill(void)
{
  if (input->at_end) return -1;
  prompt();
  reading_line = 1;
  int n;
  for (;;) {
    n = read(input->fd, input->buf, input->step);
    if (n >= 0 || errno != EINTR) break;
    if (interrupted && interactive) {
      reading_line = 0;
      run_traps();
      writeall(2, "\n", 1);
      give_up(130);
    }
  }
  reading_line = 0;
  if (n <= 0) {
    input->at_end = 1;
    return -1;
  }
  if (opt_v) writeall(2, input->buf, n);
  input->pos = 0;
  input->len = n;
  return 0;
}

static int raw_char(void)
{
  for (;;) {
    if (input->text) {
      if (*input->text) return (unsigned char)*input->text++;
      if (input->alias) { /* a space keeps what follows apart */
        if (!input->at_end++) return ' ';
        pop_input();
        continue;
      }
      return EOF;
    }
    if (input->pos < input->len || fill() == 0) return (unsigned char)input->buf[input->pos++];
    return EOF;
  }
}

int get(void)
{
  int c;
  if (back_count > 0) c = back[--back_count];
  else
    do c = raw_char();
    while (c == 0);
  if (c == '\n') input->line++;
  if (capture && c != EOF) put(capture, c);
  return c;
}

void unget(int c)
{
  back[back_count++] = c;
  if (c == '\n') input->line--;
  if (capture && c != EOF) capture->text[--capture->used] = 0;
}

/* get, with backslash-newline taken out. */
int get_joined(void)
{
  int c;
  while ((c = get()) == '\\') {
    int d = get();
    if (d == '\n') continue;
    unget(d);
    return c;
  }
  return c;
}

/* One line for a here-document, its newline included; 0 at the end of input. */
int read_line_raw(struct buffer *b)
{
  int c;
  b->used = 0;
  while ((c = get()) != EOF) {
    put(b, c);
    if (c == '\n') break;
  }
  return b->used > 0;
}

void lex_reset(void)
{
  capture = 0;
  back_count = 0;
}
