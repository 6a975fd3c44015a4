import { charContract, encodeCharReply } from "@procyon-os/contract-char";
import { callByNumber, decodeRequest, errorCode, messageType, SUSPEND, VFS, type Endpoint, type GrantId, type Message } from "@procyon-os/message";
import { grantedBytes, type ServiceHarness } from "@procyon-os/service-harness";

const nameOf = callByNumber(charContract);
const { calls } = charContract;
const task = (user: Endpoint, status: number): Message => encodeCharReply({ kind: "task", user, status });

/** A terminal of a few lines: it takes what is written and gives a line when one was typed. */
export class FakeTty {
  output = "";
  readonly log: string[] = [];
  private readonly harness: () => ServiceHarness;
  private reading: { grant: GrantId; count: number } | null = null;
  private typed: string | null = null;

  constructor(harness: () => ServiceHarness) {
    this.harness = harness;
  }

  /** A line is typed; VFS is to be notified then. */
  type(line: string): void {
    this.typed = line;
  }

  answer(message: Message): Message | null {
    const name = nameOf(messageType(message));
    this.log.push(String(name));
    switch (name) {
      case "open":
        return task(decodeRequest(calls.open, message).user, 1);
      case "close":
        return task(decodeRequest(calls.close, message).user, 0);
      case "read": {
        const { grant, count } = decodeRequest(calls.read, message);
        this.reading = { grant, count };
        return task(VFS, SUSPEND);
      }
      case "write": {
        const { grant, count } = decodeRequest(calls.write, message);
        this.output += String.fromCharCode(...this.bytes(grant).subarray(0, count));
        return task(VFS, count);
      }
      case "cancel": {
        const { user } = decodeRequest(calls.cancel, message);
        if (user === VFS) this.reading = null;
        return task(user, errorCode("EINTR"));
      }
      case "status":
        return this.revive();
      default:
        return task(VFS, errorCode("EINVAL"));
    }
  }

  private bytes(grant: number): Uint8Array {
    const bytes = grantedBytes(this.harness(), VFS, grant as GrantId);
    if (bytes === null) throw new Error(`no grant ${grant}`);
    return bytes;
  }

  private revive(): Message {
    const { reading, typed } = this;
    if (reading === null || typed === null) return encodeCharReply({ kind: "noStatus" });
    this.reading = this.typed = null;
    this.bytes(reading.grant).set(Uint8Array.from(typed, (char) => char.charCodeAt(0)));
    return encodeCharReply({ kind: "revive", user: VFS, status: typed.length, grant: reading.grant });
  }
}
