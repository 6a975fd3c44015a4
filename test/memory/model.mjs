// What memory should hold: every page of every process, and the safemaps between them.
export const PAGE = 4096;

/** Bytes that one page has, or several that are equal because one was copied from the other: who writes first takes a copy. */
class Content {
  constructor(bytes) {
    this.bytes = bytes;
    this.pages = 1;
  }
}
const spare = []; // arrays that nobody uses any more

/** A page as its owners see it; null bytes are zeros. */
export class Page {
  constructor(content = null) {
    this.content = content;
    this.owners = new Map(); // process to how many places it has it in
    this.users = 0; // places in all
  }
  get bytes() {
    return this.content === null ? null : this.content.bytes;
  }
  write() {
    const { content } = this;
    if (content !== null && content.pages === 1) return content.bytes;
    const bytes = spare.pop() ?? new Uint8Array(PAGE);
    if (content === null) bytes.fill(0);
    else bytes.set(content.bytes);
    if (content !== null) content.pages--;
    this.content = new Content(bytes);
    return bytes;
  }
  copy() {
    if (this.content !== null) this.content.pages++;
    return new Page(this.content);
  }
  /** Somebody has it in one more place, a yielded block or a process. */
  hold() {
    this.users++;
  }
  /** Somebody has it in one place less; after the last its bytes serve another page. */
  release() {
    this.users--;
    if (this.users > 0 || this.content === null) return;
    this.content.pages--;
    if (this.content.pages === 0) spare.push(this.content.bytes);
    this.content = null;
  }
}

export class ModelProcess {
  constructor(endpoint, system) {
    this.endpoint = endpoint;
    this.system = system;
    this.pages = new Map(); // by user page
    this.readOnly = new Set(); // pages mapped to be read
    this.heap = 0; // pages
    this.left = new Set(); // pages where it has left a map
    this.yielded = new Map(); // id to its pages
  }
  set(page, what) {
    what.hold(); // before the old one goes: it may be the same
    this.drop(page);
    this.pages.set(page, what);
    what.owners.set(this, (what.owners.get(this) ?? 0) + 1);
  }
  drop(page) {
    const what = this.pages.get(page);
    if (what !== undefined) {
      const places = what.owners.get(this) - 1;
      if (places === 0) what.owners.delete(this);
      else what.owners.set(this, places);
      what.release();
    }
    this.pages.delete(page);
    this.readOnly.delete(page);
  }
  /** Pages that it gave to VM under an id. */
  giveAway(id, pages) {
    for (const page of pages) page.hold();
    this.yielded.set(id, pages);
  }
  forgetYielded(id) {
    for (const page of this.yielded.get(id)) page.release();
    this.yielded.delete(id);
  }
  has(first, count) {
    for (let i = 0; i < count; i++) if (!this.pages.has(first + i)) return false;
    return true;
  }
}

/**
 * The safemaps that the kernel keeps: { granter, grant, from, grantee, page, count, at }. `from` and `page` are the first pages on both sides,
 * `at` where the grantee has asked for it: it ends it by that. What is mapped on belongs to the maps below: `chain` has every grant by
 * which it is seen, `through` those maps, `middles` those who saw the memory by a map themselves (K26).
 */
export class Maps {
  constructor() {
    this.list = [];
    this.nextId = 1;
  }
  /** The grantee sees the granter's pages. What it had mapped there before is mapped no longer; the rest of that stays. */
  add(place) {
    const { granter, grant, grantee, from, page, count, writable } = place;
    const below = this.list.filter((one) => one.grantee === granter && one.page < from + count && from < one.page + one.count);
    const map = {
      ...place, id: this.nextId++,
      chain: [{ granter, grant }, ...below.flatMap(({ chain }) => chain)],
      through: new Set(below.flatMap(({ id, through }) => [id, ...through])),
      middles: new Set(below.length === 0 ? [] : [granter, ...below.flatMap(({ middles }) => [...middles])]),
    };
    this.list = this.list.flatMap((old) => cut(old, map));
    this.list.push(map);
    for (let i = 0; i < count; i++) {
      grantee.set(page + i, granter.pages.get(from + i));
      if (!writable) grantee.readOnly.add(page + i);
    }
  }
  /** Whether a grant has something mapped by it. */
  uses(granter, grant) {
    return this.list.some(({ chain }) => chain.some((link) => link.granter === granter && link.grant === grant));
  }
  /** Grants of a process by which something is mapped. */
  grantsOf(process) {
    return this.list.flatMap(({ chain }) => chain.filter(({ granter }) => granter === process).map(({ grant }) => grant));
  }
  /** Maps that end with a grant. */
  by(process, what) {
    return this.list.filter(({ chain }) => chain.some(({ granter, grant }) => granter === process && grant === what));
  }
  /** A process has given pages up: they are mapped no longer, and what lies there later has nothing to do with the maps. */
  left(process, page, count) {
    for (const map of this.list) {
      if (map.grantee === process) for (let i = Math.max(map.page, page); i < Math.min(map.page + map.count, page + count); i++) process.left.add(i);
    }
    this.list = this.list.flatMap((old) => cut(old, { grantee: process, page, count }));
  }
  /** Ends maps and whatever is seen through them: each grantee keeps what it sees, for itself. `may` says of one whether it really ends. */
  end(ending, may = () => true) {
    const gone = new Set(this.list.filter((map) => (ending.includes(map) || ending.some(({ id }) => map.through.has(id))) && may(map)));
    for (const { grantee, page, count } of gone) for (let i = page; i < page + count; i++) part(grantee, i);
    this.list = this.list.filter((map) => !gone.has(map));
  }
  /** A process is gone: what others saw by its being a middle they see no longer. Of its own pages the grantees are the owners now. */
  leave(process, may = () => true) {
    this.end(this.list.filter(({ grantee, middles }) => grantee !== process && middles.has(process)), may);
    this.list = this.list.filter(({ granter, grantee }) => granter !== process && grantee !== process);
  }
}

/** What a map has shown becomes the process's own. */
function part(process, page) {
  const shown = process.pages.get(page);
  if (shown === undefined) return;
  if (shown.users > 1) process.set(page, shown.copy());
  process.readOnly.delete(page);
}

function cut(old, over) {
  const end = old.page + old.count;
  const overEnd = over.page + over.count;
  if (old.grantee !== over.grantee || end <= over.page || overEnd <= old.page) return [old];
  const rest = [];
  if (old.page < over.page) rest.push({ ...old, count: over.page - old.page });
  if (overEnd < end) rest.push({ ...old, page: overEnd, from: old.from + overEnd - old.page, count: end - overEnd });
  return rest;
}
