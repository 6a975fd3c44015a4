/* The least that a program can be: no data, no library. */
static inline int call(int server, int *m)
{
  int result = server;
  asm volatile("int $33" : "+a"(result), "+b"(m) : "c"(3) : "memory");
  return result;
}
void _start(void)
{
  int m[9] = {0, 1, 77}; /* exit(77) */
  call(0, m);
}
