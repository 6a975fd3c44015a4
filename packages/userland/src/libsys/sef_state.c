/* The state of a service, as packages/sef keeps it (its `saved-log.ts` and `state-codec.ts`): one value with a version, behind
 * grant 0 to the service's own endpoint, where the next instance finds it whatever it is written in. */
#include <errno.h>
#include <minix/sef.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096
#define HEADER 32
#define MAGIC 0x33544153
#define BEGIN 0x42
#define END 0x45
#define BEGIN_BYTES 17
#define MOST (256 * 1024)
#define MOST_SHAPES 1000
enum { REST = 1, FIELD, PART, GONE, SEND_RECORD, REDO, VALUE, SHAPE };
enum { T_NULL, T_UNDEFINED, T_FALSE, T_TRUE, T_INT, T_FLOAT, T_STRING, T_BYTES, T_ARRAY, T_MAP, T_OBJECT, T_WORDS, T_BIGINT, T_SET, T_INTEGERS, T_SMALL, T_SHAPED };
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
static const uint8_t *log_at, *log_end;      /* of the instance before, while its state is taken over */
static const uint8_t *shapes[MOST_SHAPES];   /* the names of each: a count, then the names */

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
  size_t n = HEADER + BEGIN_BYTES + 1 + 4 + 1 + 4 + 1 + 1;
  for (int i = 0; i < field_count; i++) n += 5 + 2 * strlen(fields[i].name) + 1 + 5 + (fields[i].kind == SEF_FIELD_INT ? 0 : 2 * fields[i].room);
  return n;
}

/* The state's name as a number that is never 0: `nameNumber` of packages/sef. */
static uint32_t name_number(void)
{
  uint32_t hash = 0x811c9dc5;
  for (const char *at = state_name; *at; at++) hash = (hash ^ (uint8_t)*at) * 0x01000193;
  return hash ? hash : 1;
}

/* A header and a log of one transaction, which is one record; gives its length. What follows is zero. */
static size_t write_state(uint8_t *place)
{
  uint8_t *start = place + HEADER, *at = start, *length;
  *at = BEGIN;
  at += BEGIN_BYTES; /* this library counts no messages */
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
  *at++ = END;
  put_word(start + 1, at - start);
  uint32_t header[HEADER / 4] = { MAGIC, state_version, HEADER, room - HEADER, 0, name_number() };
  memcpy(place, header, HEADER);
  memset(at, 0, place + room - at);
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

/* The names of a shape, by its number; 0 where there is none. */
static const uint8_t *shape_at(const uint8_t *number)
{
  int n = number[0] | number[1] << 8;
  return n < MOST_SHAPES ? shapes[n] : 0;
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
  if (tag == T_SHAPED) {
    const uint8_t *names = end - at < 2 ? 0 : shape_at(at);
    uint32_t fields = names ? word_at(names) : 0;
    for (at = names ? at + 2 : 0; fields > 0 && at; fields--) at = skip(at, end);
    return at;
  }
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
static const uint8_t *field_of(const uint8_t *object, const uint8_t *end, const char *name)
{
  int shaped = *object == T_SHAPED;
  const uint8_t *names = shaped ? shape_at(object + 1) : 0, *at = shaped ? object + 3 : object + 5;
  uint32_t count = word_at(shaped ? names : object + 1);
  if (shaped) names += 4;
  for (; count > 0; count--) {
    struct text key;
    if (shaped) names = text_at(names, log_end, &key);
    else at = text_at(at, end, &key);
    if (same_text(&key, name)) return at;
    at = skip(at, end);
  }
  return 0;
}

/* A record, taken apart: its kind, its name where it has one, and where its content begins and ends. */
struct record { int kind; struct text name; const uint8_t *at, *end; };

/* Takes a record of a transaction apart and gives what follows; 0 where there is none that this library knows. */
static const uint8_t *record_at(const uint8_t *at, const uint8_t *end, struct record *r)
{
  r->kind = *at++;
  if (r->kind == VALUE && !(at = text_at(at, end, &r->name))) return 0;
  uint32_t length = r->kind == SEND_RECORD ? 41 : 40;
  if (r->kind == REST || r->kind == VALUE) {
    if (end - at < 4) return 0;
    length = word_at(at);
    at += 4;
  } else if (r->kind == SHAPE) {
    struct text name;
    if (end - at < 6) return 0;
    const uint8_t *next = at + 6;
    for (uint32_t count = word_at(at + 2); count > 0 && next; count--) next = text_at(next, end, &name);
    if (!next) return 0;
    length = next - at;
  } else if (r->kind != SEND_RECORD && r->kind != REDO) return 0; /* states in parts are more than this library knows */
  if (length > (uint32_t)(end - at)) return 0;
  r->at = at;
  r->end = at + length;
  return r->end;
}

/* The end of the transaction that begins at a place; 0 where none does, or it is not all there. */
static const uint8_t *transaction_end(const uint8_t *at)
{
  if (log_end - at <= BEGIN_BYTES || *at != BEGIN) return 0;
  uint32_t length = word_at(at + 1);
  return length > BEGIN_BYTES && length <= (uint32_t)(log_end - at) && at[length - 1] == END ? at + length : 0;
}

/* Asks about each record of the log, oldest first. Stops, and gives it, where the answer is not 0. */
static int each_record(int (*ask)(const struct record *r, void *more), void *more)
{
  const uint8_t *end;
  for (const uint8_t *at = log_at; (end = transaction_end(at)) != 0; at = end)
    for (const uint8_t *next = at + BEGIN_BYTES; next < end - 1;) {
      struct record r;
      int answer = (next = record_at(next, end - 1, &r)) ? ask(&r, more) : -ERESTART;
      if (answer != 0) return answer;
    }
  return 0;
}

static int note_shape(const struct record *r, void *more)
{
  (void)more;
  if (r->kind == SHAPE && (r->at[0] | r->at[1] << 8) < MOST_SHAPES) shapes[r->at[0] | r->at[1] << 8] = r->at + 2;
  return 0;
}

static int check_value(const struct record *r, void *seen)
{
  if (r->kind == REST) *(int *)seen = 1;
  if (r->kind != REST && r->kind != VALUE) return 0;
  if (r->kind == REST && (r->at == r->end || (*r->at != T_OBJECT && *r->at != T_SHAPED))) return -ERESTART;
  return *(int *)seen && skip(r->at, r->end) == r->end ? 0 : -ERESTART;
}

struct wanted { const char *name; const uint8_t *at, *end; };
static int look(const struct record *r, void *more)
{
  struct wanted *wanted = more;
  if (r->kind == REST) wanted->at = field_of(r->at, r->end, wanted->name);
  else if (r->kind == VALUE && same_text(&r->name, wanted->name)) wanted->at = r->at;
  else return 0;
  wanted->end = r->end;
  return 0;
}

/* The value of a field of the state, and where it may end at the latest; 0 where it has none, or there is no state. */
static const uint8_t *find(const char *name, const uint8_t **end)
{
  struct wanted wanted = { name, 0, 0 };
  if (log_at) each_record(look, &wanted);
  *end = wanted.end;
  return wanted.at;
}

int sef_state_old_int(const char *name, int *value)
{
  const uint8_t *end, *at = find(name, &end);
  if (!at || !is_int(at)) return -ESRCH;
  *value = int_at(at);
  return 0;
}

int sef_state_old_text(const char *name, char *value, size_t size)
{
  const uint8_t *end, *at = find(name, &end);
  return at && *at == T_STRING && get_text(at + 1, end, value, size) == 0 ? 0 : -ESRCH;
}

/* Sets every field; -ERESTART where one is missing or of another kind. */
static int take_fields(void)
{
  for (int i = 0; i < field_count; i++) {
    const uint8_t *end, *at = find(fields[i].name, &end);
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

/* Takes the state over from the log, and sends what is left to be sent. */
static int read_log(int version, int type)
{
  const uint8_t *last = 0, *end;
  for (const uint8_t *at = log_at; (end = transaction_end(at)) != 0; at = end) last = at;
  int seen = 0, r;
  if ((r = each_record(note_shape, 0)) != 0 || (r = each_record(check_value, &seen)) != 0) return r;
  if (!seen) return -ERESTART;
  r = version == state_version ? take_fields() : migrate ? migrate(version) : -ERESTART;
  if (r != 0 || type != SEF_INIT_LU) return r;
  end = transaction_end(last) - 1;
  for (const uint8_t *at = last + BEGIN_BYTES; at < end;) {
    struct record record;
    at = record_at(at, end, &record);
    if (record.kind == SEND_RECORD) send_again(record.at);
  }
  return 0;
}

int sef_restore(int type, sef_init_info_t *info)
{
  uint32_t header[HEADER / 4];
  if (!state_name || info->old_endpoint == NONE) return -ERESTART;
  if (sys_safecopyfrom(info->old_endpoint, 0, 0, header, HEADER, D) != 0 || header[0] != MAGIC || header[3] == 0 || header[3] > MOST) return -ERESTART;
  if (header[5] != 0 && header[5] != name_number()) {
    kprintf("sef: %s: what is there is the state of another service\n", state_name);
    return -ERESTART;
  }
  size_t length = header[3], bytes = (length + PAGE - 1) / PAGE * PAGE;
  uint8_t *log = minix_mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_ANON, -1, 0);
  if (log == MAP_FAILED) return -ENOMEM;
  log_at = log;
  log_end = log + length;
  memset(shapes, 0, sizeof shapes);
  int r = sys_safecopyfrom(info->old_endpoint, 0, header[2], log, length, D);
  r = r != 0 ? -ERESTART : read_log(header[1], type);
  log_at = 0;
  minix_munmap(log, bytes);
  if (r != 0) kprintf("sef: %s: no way from the state of version %d to version %d\n", state_name, (int)header[1], state_version);
  return r;
}

int sef_cb_init_restore(int type, sef_init_info_t *info) { return sef_restore(type, info); }
