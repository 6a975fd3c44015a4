/* The ds suite: reference/rs-sef-ds-syslib.md 7.4. dstest publishes, and asks subs (`role=grantor`) what it has heard of. */
#include <errno.h>
#include <string.h>
#include "suite.h"

static void u32(void)
{
  uint32_t value = 0;
  begin("U32");
  check("publish", ds_publish_u32("test_u32", 1234, 0), 0);
  check("retrieve", ds_retrieve_u32("test_u32", &value), 0);
  check("value", value, 1234);
  check("the subscriber hears", ask_value(OP_CHECK, 0, 0), 1234);
  check("publish again", ds_publish_u32("test_u32", 4321, 0), -EEXIST);
  check("overwrite", ds_publish_u32("test_u32", 4321, DSF_OVERWRITE), 0);
  check("retrieve", ds_retrieve_u32("test_u32", &value), 0);
  check("value", value, 4321);
  check("the subscriber hears", ask_value(OP_CHECK, 0, 0), 4321);
  check("another key", ds_publish_u32("a_test_u32", 1, 0), 0);
  check("of which it does not", ask(OP_CHECK, 1, 0, 0, 0), -ENOENT);
  check("delete", ds_delete_u32("a_test_u32"), 0);
  check("delete", ds_delete_u32("test_u32"), 0);
  check("the subscriber is told", ask(OP_CHECK, 0, 0, 0, 0), -ENOENT);
  check("gone", ds_retrieve_u32("test_u32", &value), -ESRCH);
  finish();
}

static void str(void)
{
  char got[17], text[] = "little";
  begin("STR");
  check("publish", ds_publish_str("test_str", text, 0), 0);
  check("retrieve", ds_retrieve_str("test_str", got, 16), 0);
  check("text", strcmp(got, text), 0);
  check("the subscriber hears", ask_value(OP_CHECK, 0, 0), sum((unsigned char *)text, 6));
  check("delete", ds_delete_str("test_str"), 0);
  check("publish long", ds_publish_str("test_str", "01234567890123456789", 0), 0);
  check("retrieve", ds_retrieve_str("test_str", got, 16), 0);
  check("truncated", strcmp(got, "0123456789012345"), 0);
  check("delete", ds_delete_str("test_str"), 0);
  ask(OP_CHECK, 0, 0, 0, 0);
  finish();
}

static void mem(void)
{
  unsigned char in[35], got[64];
  size_t length = sizeof got;
  begin("MEM");
  fill(in, sizeof in, 65);
  check("publish", ds_publish_mem("test_mem", in, 21, 0), 0);
  check("retrieve", ds_retrieve_mem("test_mem", got, &length), 0);
  check("length", length, 21);
  check("bytes", memcmp(in, got, 21), 0);
  length = 8;
  check("retrieve less", ds_retrieve_mem("test_mem", got, &length), 0);
  check("length", length, 8);
  check("overwrite", ds_publish_mem("test_mem", in, sizeof in, DSF_OVERWRITE), 0);
  length = sizeof got;
  check("retrieve", ds_retrieve_mem("test_mem", got, &length), 0);
  check("length", length, sizeof in);
  check("bytes", memcmp(in, got, sizeof in), 0);
  check("the subscriber hears", ask_value(OP_CHECK, 0, 0), sum(in, sizeof in));
  check("delete", ds_delete_mem("test_mem"), 0);
  finish();
}

static int first(int number)
{
  int *copy = (int *)spare;
  size_t length = PAGE;
  int r = ds_retrieve_map("test_map", spare, &length, number, number < 0 ? DSMF_COPY_MAPPED : DSMF_COPY_SNAPSHOT);
  return r != 0 ? r : *copy;
}

static void map(void)
{
  int *mine = (int *)buf, *seen = (int *)(buf + PAGE), number = -1;
  size_t length = PAGE;
  begin("MAP");
  *mine = 1;
  check("not aligned", ds_publish_map("test_map", buf + 8, PAGE, 0), -EINVAL);
  check("publish", ds_publish_map("test_map", mine, PAGE, 0), 0);
  check("snapshot", ds_snapshot_map("test_map", &number), 0);
  check("its number", number, 0);
  *mine = 2;
  check("copy", first(-1), 2);
  check("copy of the snapshot", first(0), 1);
  check("map", ds_retrieve_map("test_map", seen, &length, 0, DSMF_MAP_MAPPED), 0);
  check("length", length, PAGE);
  *mine = 3;
  check("through the map", *seen, 3);
  check("the subscriber maps", ask_value(OP_RETRIEVE, 0, 0), 3);
  *mine = 4;
  check("and sees", ask_value(OP_PEEK, 0, 0), 4);
  for (int i = 1; i <= 6; i++) {
    *mine = 10 + i;
    check("snapshot", ds_snapshot_map("test_map", &number), 0);
    check("number", number, i);
  }
  check("the oldest that is kept", first(2), 12);
  check("the newest", first(6), 16);
  check("one that is gone", first(1), -EINVAL);
  check("one that is not yet", first(7), -EINVAL);
  check("a second", ds_publish_map("test_map", mine, PAGE, 0), -EEXIST);
  check("delete", ds_delete_map("test_map"), 0);
  *mine = 99;
  check("what is kept", *seen, 16);
  check("what the subscriber keeps", ask_value(OP_PEEK, 0, 0), 16);
  check("gone", first(-1), -ESRCH);
  ask(OP_CHECK, 0, 0, 0, 0);
  finish();
}

static void label(void)
{
  char name[DS_MAX_KEYLEN];
  endpoint_t endpoint = NONE;
  begin("LABEL");
  check("name", ds_retrieve_label_name(name, sef_self()), 0);
  check("endpoint", ds_retrieve_label_endpt(name, &endpoint), 0);
  check("is ours", endpoint, sef_self());
  check("publish", ds_publish_label(name, endpoint, 0), -EPERM);
  check("delete", ds_delete_label(name), -EPERM);
  finish();
}

static void patterns(void)
{
  begin("SUBSCRIBE");
  check("a bad pattern", ask(OP_SUBSCRIBE, 1, 0, 0, 0), -EINVAL);
  check("a second subscription", ask(OP_SUBSCRIBE, 2, 0, 0, 0), -EEXIST);
  check("publish", ds_publish_u32("test_initial", 5, 0), 0);
  check("what matches already", ask(OP_SUBSCRIBE, 3, 0, 0, 0), 0);
  check("the subscriber hears", ask_value(OP_CHECK, 0, 0), 5);
  check("nothing more", ask(OP_CHECK, 1, 0, 0, 0), -ENOENT);
  check("delete", ds_delete_u32("test_initial"), 0);
  check("two at once", ds_publish_u32("test_one", 1, 0) + ds_publish_u32("test_two", 2, 0), 0);
  check("the first", ask_value(OP_CHECK, 0, 0), 1);
  check("the second", ask_value(OP_CHECK, 1, 0), 2);
  check("delete", ds_delete_u32("test_one") + ds_delete_u32("test_two"), 0);
  finish();
}

int dstest(void)
{
  buf = pages(BYTES);
  spare = pages(BYTES);
  check("subscribe", ask(OP_SUBSCRIBE, 0, 0, 0, 0), 0);
  u32();
  str();
  mem();
  map();
  label();
  patterns();
  ask_end();
  return conclude();
}

/* The subscriber: what DS says of a key, by its type. */
static int retrieve(const char *key, int type, int *value)
{
  unsigned char bytes[64] = { 0 };
  size_t length = sizeof bytes;
  int r;
  switch (type & 0x1F0) {
  case DSF_TYPE_U32: return ds_retrieve_u32(key, (uint32_t *)value);
  case DSF_TYPE_STR:
    r = ds_retrieve_str(key, (char *)bytes, sizeof bytes - 1);
    length = strlen((char *)bytes);
    break;
  case DSF_TYPE_MEM: r = ds_retrieve_mem(key, bytes, &length); break;
  default: return 0;
  }
  *value = sum(bytes, length);
  return r;
}

/* DS's notification has come; `later`: or an earlier one stands for this too. */
static int next_key(int *value, int later)
{
  char key[DS_MAX_KEYLEN];
  int type, status, r;
  endpoint_t owner;
  message m;
  if (!later && (r = sef_receive_status(DS_PROC_NR, &m, &status)) != 0) return r;
  r = ds_check(key, &type, &owner);
  return r != 0 ? r : retrieve(key, type, value);
}

static int subscribe(int which)
{
  switch (which) {
  case 0: return ds_subscribe("test_(u32|str|mem|one|two|initial)", DSF_INITIAL | DSF_OVERWRITE);
  case 1: return ds_subscribe("test_(", DSF_OVERWRITE);
  case 2: return ds_subscribe("test_.*", 0);
  default: return ds_subscribe("test_[a-z0-9]+", DSF_INITIAL | DSF_OVERWRITE | DSF_TYPE_U32);
  }
}

int subs(void)
{
  struct request r;
  size_t length = PAGE;
  buf = pages(PAGE);
  while (next_request(&r) && r.op != OP_END) {
    int value = 0, result = -ENOSYS;
    if (r.op == OP_SUBSCRIBE) result = subscribe(r.a);
    if (r.op == OP_CHECK) result = next_key(&value, r.a);
    if (r.op == OP_RETRIEVE) result = ds_retrieve_map("test_map", buf, &length, 0, DSMF_MAP_MAPPED);
    if (r.op == OP_RETRIEVE || r.op == OP_PEEK) value = *(int *)buf, result = r.op == OP_PEEK ? 0 : result;
    reply(result, value);
  }
  return conclude();
}
