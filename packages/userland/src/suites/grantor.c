/* The grantor of the safecopy, safemap, safeperf and chain suites, and the middle of the last. */
#include <errno.h>
#include <sys/mman.h>
#include "suite.h"

static int write_22(void)
{
  buf[0] = 22;
  return 0;
}

static int value;

static int granted(cp_grant_id_t id)
{
  value = id;
  return GRANT_VALID(id) ? 0 : -errno;
}

static int obey(const struct request *r)
{
  endpoint_t from, to = NONE;
  int result;
  value = 0;
  switch (r->op) {
  case OP_PEEK: value = buf[r->a]; return 0;
  case OP_POKE: buf[r->a] = r->b; return 0;
  case OP_FILL: fill(buf + r->a, r->b, r->c); return 0;
  case OP_SUM: value = sum(buf + r->a, r->b); return 0;
  case OP_TOUCH: for (int i = 0; i < r->a; i += PAGE) buf[i]++; return 0;
  case OP_GRANT: return granted(cpf_grant_direct(r->a, buf + r->b, r->c, r->d));
  case OP_INDIRECT: return granted(cpf_grant_indirect(r->a, r->b, r->c));
  case OP_MAGIC: return granted(cpf_grant_magic(r->a, r->b, buf, BYTES, CPF_READ | CPF_WRITE));
  case OP_REVOKE: return cpf_revoke(r->a) == 0 ? 0 : -errno;
  case OP_REVMAP: return sys_saferevmap_gid(r->a);
  case OP_REVMAP_AT: return sys_saferevmap_addr(buf + r->a);
  case OP_COPY: return sys_safecopyfrom(r->a, r->b, 0, spare, r->c, D);
  case OP_MAP: return sys_safemap(r->a, r->b, 0, buf, BYTES, D, r->c);
  case OP_LOOKUP:
    result = cpf_lookup(r->a, &from, &to);
    value = to;
    return result;
  case OP_MUNMAP: return minix_munmap(buf + r->a, r->b) == 0 ? 0 : -errno;
  case OP_FORK: return fork_child(write_22);
  case OP_RELEASE: return release_child();
  default: return -ENOSYS;
  }
}

int grantor(size_t bytes)
{
  struct request r;
  endpoint_t to;
  buf = pages(bytes);
  spare = pages(BYTES);
  buf[0] = 100;
  /* The requestor's endpoint comes, ours and a grant go. */
  if (!next_request(&r)) panic("the requestor has gone");
  to = r.a;
  cp_grant_id_t id = cpf_grant_direct(to, buf, bytes, CPF_READ | CPF_WRITE | CPF_MAP);
  reply(sef_self(), id);
  while (next_request(&r) && r.op != OP_END) {
    int result = obey(&r);
    reply(result, value);
  }
  begin("the grantor's last grant");
  check("revoke", cpf_revoke(id), 0);
  finish();
  return conclude();
}
