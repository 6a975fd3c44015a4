/* The shape of system.conf, without the meaning of its words (reference/rs-sef-ds-syslib.md 3.4). */
#ifndef GRAMMAR_H
#define GRAMMAR_H

/* A word, or a block in braces, and where it stands. */
struct word {
  struct word *next;
  char *text;                          /* "{" for a block */
  struct entry *block;                 /* what is in it; NULL for a word and for an empty block */
  const char *file;
  int line, is_block;
};
/* Words up to a semicolon: at least one. */
struct entry { struct entry *next; struct word *words; };

/* All entries of a file and of those that it includes; ends the program with the place and what is wrong. */
struct entry *read_config(const char *file);
/* Ends the program with status 1: "fatal error: FILE:LINE: message". */
void fatal_at(const struct word *where, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
/* The same without ending it. */
void warn_at(const struct word *where, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
