import { FKEY_EVENTS, FKEY_MAP, FKEY_UNMAP, keyBit, NR_FKEYS, type ttyContract } from "@procyon-os/contract-tty";
import { fail, ok, type Endpoint, type Outcome, type Program, type Request } from "@procyon-os/message";
import { getUptime, notify, systemHz } from "@procyon-os/syslib";
import { isCanonical, type Line } from "./line.ts";
import { matchKey, type KeyMatch } from "./key-sequences.ts";

type FkeyControl = (typeof ttyContract)["calls"]["fkeyControl"];

/** Keys of both kinds: F1 to F12, then the same with shift. */
const KEYS = 2 * NR_FKEYS;
const ALL_KEYS = Array.from({ length: KEYS }, (_, key) => key);
const KEY_BITS = ((1 << NR_FKEYS) - 1) << 1;
/** Of a second: how long a program in raw mode waits for a byte that may begin a key's sequence. */
const PATIENCE = 10;

/** Who observes which key, and what of the input may be a key. */
export interface FunctionKeys {
  decoded: boolean; // whether the line's input can have keys
  observers: (Endpoint | null)[]; // by key
  pressed: boolean[]; // since the observer last asked
  held: number; // of the line's received bytes, the last ones: the beginning of a sequence
  until: number | null; // when they are given up, in ticks since boot; null: the next byte decides
}

export function freshKeys(): FunctionKeys {
  return { decoded: false, observers: ALL_KEYS.map(() => null), pressed: ALL_KEYS.map(() => false), held: 0, until: null };
}

const isIn = ({ fkeys, sfkeys }: { fkeys: number; sfkeys: number }, key: number): boolean =>
  ((key < NR_FKEYS ? fkeys : sfkeys) & keyBit((key % NR_FKEYS) + 1)) !== 0;

function bitsOf(keys: readonly number[]): { fkeys: number; sfkeys: number } {
  const bits = { fkeys: 0, sfkeys: 0 };
  for (const key of keys) bits[key < NR_FKEYS ? "fkeys" : "sfkeys"] |= keyBit((key % NR_FKEYS) + 1);
  return bits;
}

/** FKEY_CONTROL. A key that somebody has can be taken over; only who has it can unmap it. */
export function controlKeys(keys: FunctionKeys, caller: Endpoint, request: Request<FkeyControl>): Outcome<FkeyControl> {
  const observe = (key: number, by: Endpoint | null): void => {
    keys.observers[key] = by;
    keys.pressed[key] = false;
  };
  const asked = ALL_KEYS.filter((key) => isIn(request, key));
  const own = ALL_KEYS.filter((key) => keys.observers[key] === caller);
  const rest = { fkeys: (request.fkeys & ~KEY_BITS) >>> 0, sfkeys: (request.sfkeys & ~KEY_BITS) >>> 0 };
  switch (request.request) {
    case FKEY_MAP:
      for (const key of asked) observe(key, caller);
      return ok(rest);
    case FKEY_UNMAP: {
      const mine = asked.filter((key) => own.includes(key));
      for (const key of mine) observe(key, null);
      return mine.length === asked.length ? ok(rest) : fail("EPERM");
    }
    case FKEY_EVENTS: {
      const pressed = own.filter((key) => keys.pressed[key]);
      for (const key of pressed) keys.pressed[key] = false;
      return ok(bitsOf(pressed));
    }
    default:
      return fail("EINVAL");
  }
}

/** What stands at a place of the received bytes, as far as somebody wants to know. */
export function keyAt(line: Line, at: number): KeyMatch {
  const { keys } = line;
  if (keys === null || !keys.decoded || line.escaped) return null;
  const found = matchKey(line.raw, at, (key) => keys.observers[key] != null);
  return found?.kind === "part" && line.hungUp ? null : found;
}

/** Tells the observer of a key. False where it is gone: then nobody has its keys. */
export function* pressKey(line: Line, key: number): Program<boolean> {
  const { observers, pressed } = line.keys as FunctionKeys;
  const observer = observers[key] as Endpoint;
  pressed[key] = true;
  if ((yield* notify(observer)) === 0) return true;
  for (const other of ALL_KEYS) if (observers[other] === observer) observers[other] = null;
  return false;
}

/** The last so many received bytes wait for those that follow; where a program takes each byte as it comes, not for long. */
export function* holdBytes(line: Line, count: number, isNew: boolean): Program<void> {
  const { keys } = line;
  if (keys === null) return;
  const changed = isNew || count !== keys.held;
  keys.held = count;
  if (count === 0 || isCanonical(line)) keys.until = null;
  else if (changed || keys.until === null) keys.until = (yield* getUptime()) + Math.max(1, Math.round((yield* systemHz()) / PATIENCE));
}

/** Received bytes that the input queue could have. */
export function bytesWaiting(line: Line): number {
  return line.raw.length - (line.keys?.held ?? 0);
}
