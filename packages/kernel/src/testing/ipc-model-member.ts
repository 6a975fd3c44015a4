/** A message as the model knows it: who sent it, and a number that no other message has. */
export interface Letter {
  readonly from: number;
  readonly type: number;
  readonly serial: number;
}

/** How a call ended. */
export interface Ending {
  readonly result: number;
  readonly letter: Letter | null;
  readonly status: number | null; // of a RECEIVE
}

/** An entry of an asynchronous table. */
export interface Entry {
  readonly to: number;
  readonly flags: number;
  readonly serial: number;
  result: number | null; // null: not done
}

/** What runs: it goes along in an update. */
export interface Instance {
  call: number; // 0: none
  sendsTo: number | null; // endpoint
  receivesFrom: number | null;
  letter: Letter | null; // that it wants to send
  inReply: boolean;
  table: Entry[] | null;
  missed: boolean;
  inhibited: boolean;
  held: Ending | null; // ended, and may not run yet
}

/** Who it is: that stays in an update. */
export interface Member {
  readonly endpoint: number;
  readonly privilege: number;
  readonly queue: Member[];
  instance: Instance;
}
