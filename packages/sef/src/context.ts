import { instanceLocal, NONE, SELF, type Endpoint, type Message, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import type { Received } from "@procyon-os/syslib";
import type { ReadAhead } from "./fetch-saved.ts";
import type { InitInfo } from "./init-info.ts";
import { LogWriter, type Piece } from "./log-writer.ts";
import type { Key, Pending, QueuedMessage } from "./saved-log.ts";
import type { SavedRest } from "./saved-rest.ts";
import { Shapes } from "./shapes.ts";
import type { StateSpec } from "./state-spec.ts";

/** Live update states that every service understands (reference/rs-sef-ds-syslib.md 1.4). */
export const SEF_LU_STATE_NULL = 0;
export const SEF_LU_STATE_WORK_FREE = 1;
export const SEF_LU_STATE_REQUEST_FREE = 2;
export const SEF_LU_STATE_PROTOCOL_FREE = 3;
export const SEF_LU_STATE_CUSTOM_BASE = 4;

/** The version that serves. */
export interface Running {
  /** Its endpoint, which the new version will have. */
  readonly from: Endpoint;
  /** Messages that it had received when it last saved its state (`messagesReceived`). */
  readonly received: number;
}

/** What a service wants to do itself; everything not named here has SEF's default. */
export interface SefCallbacks<S> {
  /** Makes the state on a fresh start. An error ends the service, and whoever started it hears of it. */
  readonly initFresh: (info: InitInfo) => Program<Result<S>>;
  /**
   * In a new version, while the one before serves: what can be asked and made before the state is this one's. `ahead` is the state as it
   * was a moment ago, to look at and not to change. Default: nothing. May not be called.
   */
  readonly getReady?: (ahead: S, running: Running) => Program<void>;
  /** After a live update. Default: `restoreState`. */
  readonly initLu?: (info: InitInfo, saved: S | null) => Program<Result<S>>;
  /**
   * `initLu` says `changed` of each entry that it changes, as a request does: then only those are saved while nobody serves, and not
   * what was saved before. Default: false, and what is saved in parts is saved anew. Of no meaning without `initLu`.
   */
  readonly initLuTells?: boolean;
  /** After a crash. Default: `restoreState` for a saved state, else `startAnew`. */
  readonly initRestart?: (info: InitInfo, saved: S | null) => Program<Result<S>>;
  /** Answers RS's ping. Default: notifies it back. */
  readonly pingReply?: (source: Endpoint) => Program<void>;
  /** A signal for this service, for example SIGTERM. Default: ignored. */
  readonly signalHandler?: (state: S, signal: number) => Program<void>;
  /** A signal for a process that this service manages; the result is 0, or EDEADEPT negated where that process is gone. */
  readonly signalManager?: (state: S, target: Endpoint, signal: number) => Program<number>;
  /**
   * Called when a transaction is there and its messages are sent: for what must not be done before, and what the state says
   * is still to do. True where it was done, and the state says so: then it is saved again.
   */
  readonly committed?: (state: S) => Program<boolean>;
  /** Whether a state for live update is known. Default: the states 1 to 3. */
  readonly luStateIsValid?: (state: number) => boolean;
  /** Whether the service is in that state now: 0, or ENOTREADY negated to be asked again. Default: ready. */
  readonly luPrepare?: (state: S, luState: number) => Program<number>;
  readonly luStateChanged?: (oldState: number, newState: number) => Program<void>;
  /** Before each try to be ready for an update: prints what there is in work. Default: nothing. */
  readonly luStateDump?: (state: S, luState: number) => Program<void>;
  /** The alarm, with the ticks since boot. Without this it is received as a notification from CLOCK. */
  readonly alarm?: (state: S, uptime: number) => Program<void>;
  /** PM says that the system goes down. Default: nothing. */
  readonly shutdown?: (state: S) => Program<void>;
  /** Someone wants to see what the service knows (SEF_DEBUG_DUMP). Default: nothing. */
  readonly debugDump?: (state: S, what: number) => Program<void>;
  /** Sends the answer to RS_INIT. Default: SENDREC to RS. */
  readonly initResponse?: (message: Message) => Program<number>;
  /** Sends the answer to RS_LU_PREPARE and gives what comes back. Default: SENDREC to RS. */
  readonly luResponse?: (message: Message) => Program<number>;
}

/** What SEF knows of the instance that it runs in. */
export interface SefContext {
  spec: StateSpec<unknown> | null;
  callbacks: SefCallbacks<unknown> | null;
  state: unknown;
  started: boolean;
  endpoint: Endpoint;
  oldEndpoint: Endpoint;
  luState: number;
  /** How often the service was asked whether it is ready for this update. */
  luCycle: number;
  /** Messages that noted RECEIVEs gave, as the kernel counts them too. */
  received: number;
  /** What goes out with the next transaction, oldest first. */
  queue: QueuedMessage[];
  /** What the instance before received and this one has still to handle. */
  redo: Pending | null;
  /** How often that was begun. */
  tries: number;
  /** What is queued answers that. */
  redoing: boolean;
  /** What the instance before had in hand, and what came for it, is handled by this one. */
  kept: boolean;
  /** Answers and signals of RS that were on their way when the instance before died, and came before RS_INIT. */
  early: Received[];
  /** Signals that the instance before took, and did not end, are to be taken. */
  retake: boolean;
  /** They are being dealt with. */
  retaking: boolean;
  saved: SavedPlace;
  /** What this new version has read of the state before the one before it made way. */
  ahead: ReadAhead | null;
  /** How often the instance before, and those before it, have begun a log. */
  begun: number;
}

/** A field whose entries are saved each for itself. */
export interface SavedPart {
  readonly id: number;
  readonly name: string;
  /** Where what was saved last of each entry lies; null where nothing was. */
  known: Map<Key, Piece> | null;
  length: number; // of an array
  /** Entries that may have changed since. */
  readonly changed: Set<Key>;
}

/** Where the state lies and what of it is there: encoded, to be compared with what is to be saved. */
export interface SavedPlace {
  address: VirtAddr;
  owner: Endpoint; // who may read it
  /** Bytes for one log. There are two such places after the header: a log that is full is written anew into the other one. */
  room: number;
  start: number; // of the log: bytes from the header's beginning
  /** As it stands in the header: how often a log was begun, by the instances before too. */
  begun: number;
  /** The log as it lies there, and a transaction that is about to be stored. */
  log: LogWriter;
  stored: number; // bytes of it that are there
  spare: LogWriter; // for the next log
  rest: SavedRest | null;
  /** The fields in parts, in the order of their declaration. */
  parts: readonly SavedPart[];
  readonly shapes: Shapes;
  shapesWritten: number;
}

export const context: () => SefContext = instanceLocal<SefContext>("sef", () => ({
  spec: null,
  callbacks: null,
  state: null,
  started: false,
  endpoint: SELF,
  oldEndpoint: NONE,
  luState: SEF_LU_STATE_NULL,
  luCycle: 0,
  received: 0,
  queue: [],
  redo: null,
  tries: 0,
  redoing: false,
  kept: false,
  early: [],
  retake: false,
  retaking: false,
  saved: {
    address: 0 as VirtAddr, owner: NONE, room: 0, start: 0, begun: 1, log: new LogWriter(), stored: 0, spare: new LogWriter(), rest: null, parts: [],
    shapes: new Shapes(), shapesWritten: 0,
  },
  ahead: null,
  begun: 0,
}));
