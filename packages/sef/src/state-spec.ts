import { fail, ok, type Endpoint, type Message, type Program, type Result } from "@procyon-os/message";
import type { InitInfo } from "./init-info.ts";

/**
 * The state of a service: one value of plain data (see `encodeState`), with a version. What is not in it dies with the
 * instance.
 */
export interface StateSpec<S> {
  readonly name: string;
  readonly version: number;
  /** Whether SEF keeps the last consistent copy, taken at the end of each request, for the instance that comes after. */
  readonly saved: boolean;
  /**
   * Makes a state of the version whose number is the key into one of a version nearer to this one: a lower key into the next
   * version, a higher key into the one before. The latter let an update be taken back. Called for a copy of the state too, while the old
   * version serves: a migration knows nothing but what it gets.
   */
  readonly migrations?: { readonly [fromVersion: number]: (old: never) => unknown };
  /** Fields of the state, maps or arrays, whose entries are saved each for itself. Who changes one says so with `changed`. */
  readonly parts?: readonly (keyof S & string)[];
  /**
   * Each request is handled once, whatever happens: what an instance had in hand when it died is handled again from the state
   * before it, and what it had not answered is answered by its successor. Clients notice nothing, and must not ask again. For
   * a service that answers by `queueReply` and whose effects lie in its state, or do no harm when they are made twice.
   */
  readonly once?: boolean;
  /** Who waits in SENDREC for an answer that comes later: after a crash they go on waiting. */
  readonly owes?: (state: S) => readonly Endpoint[];
  /** Messages that whoever sent them sends again by itself: after a crash they are not handled again. */
  readonly comesAgain?: (message: Message, status: number) => boolean;
  /** The answer to a request that has ended two instances. Default: EDEADSRCDST. */
  readonly refuse?: (request: Message) => Message;
  /** Only here to carry the type. */
  readonly type?: S;
}

/** Declares a state. `saved: false` is for a service whose clients start anew when it dies. */
export function stateSpec<S>(spec: Omit<StateSpec<S>, "type">): StateSpec<S> {
  return spec;
}

/** Brings a saved value to this version, up or down a version at a time; null where no chain of migrations leads here. */
export function migrateState<S>(spec: StateSpec<S>, version: number, saved: unknown): S | null {
  let value = saved;
  for (let from = version; from !== spec.version; from += from < spec.version ? 1 : -1) {
    const migration = spec.migrations?.[from];
    if (migration === undefined) return null;
    value = migration(value as never);
  }
  return value as S;
}

/** Whether a chain of migrations leads from a version to this one. */
export function canMigrate<S>({ migrations, version }: StateSpec<S>, from: number): boolean {
  for (let at = from; at !== version; at += at < version ? 1 : -1) if (migrations?.[at] === undefined) return false;
  return true;
}

/** Predefined for a restart or an update: the state of the instance before; without one the service starts anew. */
export function* restoreState<S>(_info: InitInfo, saved: S | null): Program<Result<S>> {
  return saved === null ? fail("ERESTART") : ok(saved);
}

/** Predefined for a restart: always asks RS to start the service anew, with a new endpoint. */
export function* startAnew<S>(_info: InitInfo, _saved: S | null): Program<Result<S>> {
  return fail("ERESTART");
}
