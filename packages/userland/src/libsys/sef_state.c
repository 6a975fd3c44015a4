/* The state of a service, as packages/sef keeps it (its `saved-log.ts` and `state-codec.ts`): one value with a version, behind
 * grant 0 to the service's own endpoint, where the next instance finds it whatever it is written in. */
#include <errno.h>
#include <minix/sef.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define HEADER 32
#define MAGIC 0x32544153
#define MOST (256 * 1024)
enum { REST = 1, FIELD, PART, GONE, BEGIN, SEND_RECORD, REDO };
enum { T_NULL, T_UNDEFINED, T_FALSE, T_TRUE, T_INT, T_FLOAT, T_STRING, T_BYTES, T_ARRAY, T_MAP, T_OBJECT, T_WORDS, T_BIGINT, T_SET, T_INTEGERS, T_SMALL };
#define LONG_TEXT 255

static const char *state_name;
static int state_version;
static const sef_field_t *fields;
static int field_count;
static int (*migrate)(int from);

/* Two places of `room` bytes: one holds the state that counts, the other the one that is being written. */
static uint8_t *places;
static size_t room, saved_length;
static int current;
static const uint8_t *old_object, *old_end; /* while a state of another version is taken over */

void sef_setcb_state_migrate(int (*cb)(int from)) { migrate = cb; }

void sef_setstate(const char *name, int version, const sef_field_t *list, int count)
{
  state_name = name;
  state_version = version;
  fields = list;
  field_count = count;
  _sef_lu_with_state();
  _sef_init_with_state();
}

static uint8_t *put_word(uint8_t *at, uint32_t value)
{
  memcpy(at, &value, 4);
  return at + 4;
}
static uint32_t word_at(const uint8_t *at)
{
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}
static uint8_t *put_text(uint8_t *at, const char *text)
{
  size_t n = strlen(text);
  if (n < LONG_TEXT) {
    *at++ = n;
    memcpy(at, text, n);
    return at + n;
  }
  *at++ = LONG_TEXT;
  at = put_word(at, n);
  for (size_t i = 0; i < n; i++) *at++ = text[i], *at++ = 0;
  return at;
}

/* The most that the state can take. */
static size_t most(void)
{
  size_t n = HEADER + 1 + 4 + 1 + 4 + 1;
  for (int i = 0; i < field_count; i++) n += 5 + 2 * strlen(fields[i].name) + 1 + 5 + (fields[i].kind == SEF_FIELD_INT ? 0 : 2 * fields[i].room);
  return n;
}

/* A header and a log of one record; gives its length. */
static size_t write_state(uint8_t *place)
{
  uint8_t *start = place + HEADER, *at = start, *length;
  *at++ = REST;
  length = at;
  at += 4;
  *at++ = T_OBJECT;
  at = put_word(at, field_count);
  for (int i = 0; i < field_count; i++) {
    at = put_text(at, fields[i].name);
    *at++ = fields[i].kind == SEF_FIELD_INT ? T_INT : T_STRING;
    at = fields[i].kind == SEF_FIELD_INT ? put_word(at, *(uint32_t *)fields[i].place) : put_text(at, fields[i].place);
  }
  put_word(length, at - length - 4);
  *at++ = BEGIN;
  uint32_t header[HEADER / 4] = { MAGIC, state_version, at - start, 0, 0, 0, HEADER, 0 };
  memcpy(place, header, HEADER);
  return at - place;
}

/* Before each receive: what has changed is there for the next instance as soon as one word of grant 0 names the other place. */
void _sef_save_state(void)
{
  if (!state_name) return;
  if (!places) {
    room = (most() + PAGE - 1) / PAGE * PAGE;
    places = minix_mmap(0, 2 * room, PROT_READ | PROT_WRITE, MAP_ANON, -1, 0);
    if (places == MAP_FAILED) panic("sef: no memory for the state");
  }
  uint8_t *next = places + (current ? 0 : room);
  size_t length = write_state(next);
  if (saved_length == length && !memcmp(next, places + (current ? room : 0), length)) return;
  current = !current;
  saved_length = length;
  if (_cpf_set_state(sef_self(), next, room) != 0) panic("sef: no grant for the state");
}

int sef_sendreply(message *m, int status)
{
  _sef_save_state();
  return IPC_STATUS_CALL(status) == SENDREC ? ipc_sendnb(m->m_source, m) : asynsend3(m->m_source, m, AMF_NOREPLY);
}

/* A text: its characters, of one or two bytes each; 0 where it ends too early, else what follows. */
struct text { const uint8_t *at; uint32_t length; int wide; };
static const uint8_t *text_at(const uint8_t *at, const uint8_t *end, struct text *text)
{
  if (at >= end) return 0;
  text->length = *at++;
  text->wide = text->length == LONG_TEXT;
  if (text->wide) {
    if (end - at < 4 || (text->length = word_at(at)) > MOST) return 0;
    at += 4;
  }
  text->at = at;
  uint32_t bytes = text->length << text->wide;
  return (uint32_t)(end - at) < bytes ? 0 : at + bytes;
}

/* What follows a value; 0 where it is none. */
static const uint8_t *skip(const uint8_t *at, const uint8_t *end)
{
  static const uint8_t sizes[] = { [T_BYTES] = 1, [T_WORDS] = 4, [T_INTEGERS] = 4 };
  struct text text;
  if (at >= end) return 0;
  int tag = *at++;
  int fixed = tag <= T_TRUE ? 0 : tag == T_INT ? 4 : tag == T_FLOAT ? 8 : tag == T_SMALL ? 1 : -1;
  if (fixed >= 0) return end - at < fixed ? 0 : at + fixed;
  if (tag == T_STRING || tag == T_BIGINT) return text_at(at, end, &text);
  if (tag > T_INTEGERS || end - at < 4) return 0;
  uint32_t count = word_at(at);
  at += 4;
  if (tag == T_BYTES || tag == T_WORDS || tag == T_INTEGERS)
    return count > MOST || (uint32_t)(end - at) < count * sizes[tag] ? 0 : at + count * sizes[tag];
  for (; count > 0 && at; count--) {
    if (tag == T_OBJECT) at = text_at(at, end, &text);
    else if (tag == T_MAP) at = skip(at, end);
    if (at) at = skip(at, end);
  }
  return at;
}

/* The characters of a text that lies there whole; -1 where they do not fit. */
static int get_text(const uint8_t *at, const uint8_t *end, char *to, size_t size)
{
  struct text text;
  if (!text_at(at, end, &text) || text.length >= size) return -1;
  for (uint32_t i = 0; i < text.length; i++) to[i] = text.at[i << text.wide];
  to[text.length] = 0;
  return 0;
}

static int same_text(const struct text *text, const char *name)
{
  if (text->length != strlen(name)) return 0;
  for (uint32_t i = 0; i < text->length; i++)
    if (text->at[i << text->wide] != (uint8_t)name[i] || (text->wide && text->at[2 * i + 1])) return 0;
  return 1;
}

static int is_int(const uint8_t *at) { return *at == T_INT || *at == T_SMALL; }
static int int_at(const uint8_t *at) { return *at == T_INT ? (int)word_at(at + 1) : at[1]; }

/* The value of a field of an object, checked before; 0 where it has none. */
static const uint8_t *find(const uint8_t *object, const uint8_t *end, const char *name)
{
  uint32_t count = word_at(object + 1);
  const uint8_t *at = object + 5;
  for (; count > 0; count--) {
    struct text key;
    at = text_at(at, end, &key);
    if (same_text(&key, name)) return at;
    at = skip(at, end);
  }
  return 0;
}

int sef_state_old_int(const char *name, int *value)
{
  const uint8_t *at = old_object ? find(old_object, old_end, name) : 0;
  if (!at || !is_int(at)) return -ESRCH;
  *value = int_at(at);
  return 0;
}

int sef_state_old_text(const char *name, char *value, size_t size)
{
  const uint8_t *at = old_object ? find(old_object, old_end, name) : 0;
  return at && *at == T_STRING && get_text(at + 1, old_end, value, size) == 0 ? 0 : -ESRCH;
}

/* Sets every field from the object; -ERESTART where one is missing or of another kind. */
static int take_fields(const uint8_t *object, const uint8_t *end)
{
  for (int i = 0; i < field_count; i++) {
    const uint8_t *at = find(object, end, fields[i].name);
    if (!at || !(fields[i].kind == SEF_FIELD_INT ? is_int(at) : *at == T_STRING)) return -ERESTART;
    if (fields[i].kind == SEF_FIELD_INT) *(int *)fields[i].place = int_at(at);
    else if (get_text(at + 1, end, fields[i].place, fields[i].room) != 0) return -ERESTART;
  }
  return 0;
}

/* A message that the instance before had sent and nobody has taken: it goes out from here. */
static void send_again(const uint8_t *record)
{
  message m;
  memcpy(&m, record + 5, sizeof m);
  endpoint_t to = word_at(record + 1);
  if (record[0] == 0) ipc_sendnb(to, &m);
  else asynsend3(to, &m, record[0] == 1 ? AMF_NOREPLY : 0);
}

/* Reads a log: the last REST is the state. States in parts are more than this library knows. */
static int read_log(const uint8_t *at, const uint8_t *end, int version, int type)
{
  const uint8_t *object = 0, *object_end = 0, *begin = end;
  while (at < end) {
    int kind = *at++;
    if (kind == REST && end - at >= 4 && word_at(at) <= (uint32_t)(end - at - 4)) {
      object = at + 4;
      object_end = object + word_at(at);
      at = object_end;
    } else if (kind == BEGIN) begin = at;
    else if (kind == SEND_RECORD && end - at >= 41) at += 41;
    else if (kind == REDO && end - at >= 40) at += 40;
    else return -ERESTART;
  }
  if (!object || object == object_end || *object != T_OBJECT || skip(object, object_end) != object_end) return -ERESTART;
  int r;
  if (version == state_version) r = take_fields(object, object_end);
  else {
    old_object = object;
    old_end = object_end;
    r = migrate ? migrate(version) : -ERESTART;
    old_object = 0;
  }
  if (r != 0 || type != SEF_INIT_LU) return r;
  for (at = begin; at < end && *at == SEND_RECORD; at += 42) send_again(at + 1);
  return 0;
}

int sef_restore(int type, sef_init_info_t *info)
{
  uint32_t header[HEADER / 4];
  if (!state_name || info->old_endpoint == NONE) return -ERESTART;
  if (sys_safecopyfrom(info->old_endpoint, 0, 0, header, HEADER, D) != 0 || header[0] != MAGIC || header[2] == 0 || header[2] > MOST) return -ERESTART;
  size_t bytes = (header[2] + PAGE - 1) / PAGE * PAGE;
  uint8_t *log = minix_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_ANON, -1, 0);
  if (log == MAP_FAILED) return -ENOMEM;
  int r = sys_safecopyfrom(info->old_endpoint, 0, header[6], log, header[2], D);
  r = r != 0 ? -ERESTART : read_log(log, log + header[2], header[1], type);
  minix_munmap(log, bytes);
  if (r != 0) kprintf("sef: %s: no way from the state of version %d to version %d\n", state_name, (int)header[1], state_version);
  return r;
}

int sef_cb_init_restore(int type, sef_init_info_t *info) { return sef_restore(type, info); }
