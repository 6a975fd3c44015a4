import { charContract, decodeCharReply, DEV_R_BIT, SEL_NOTIFY, SEL_RD } from "@procyon-os/contract-char";
import { GET_KMESSAGES, GET_WHOAMI, KMESS_BUF_SIZE } from "@procyon-os/contract-kernel";
import { SEF_INIT_LU } from "@procyon-os/contract-rs";
import { encodeRequest, errorCode, fail, NONE, ok, SIGKMESS, SYSTEM, VFS, type Endpoint, type GrantId } from "@procyon-os/message";
import { ServiceHarness, type HarnessOptions } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image } from "./index.ts";

const USER = 77 as Endpoint;
const { calls, base } = charContract;

/** LOG beside a kernel whose ring of messages the test fills. */
class Log {
  private readonly ring = new Uint8Array(8 + KMESS_BUF_SIZE);
  private next = 0;
  private size = 0;
  private looks = 0; // of the driver at the ring
  harness: ServiceHarness;
  constructor(before = "") {
    this.put(before);
    this.harness = this.start({});
  }
  private start(options: HarnessOptions): ServiceHarness {
    return new ServiceHarness(image, {
      ...options, endpoint: 4 as Endpoint,
      kernel: {
        getinfo: (harness, { what, address }) => {
          if (what === GET_WHOAMI) return ok({ endpoint: harness.endpoint, privilegeFlags: 0, name: "log" });
          if (what !== GET_KMESSAGES) return fail("EINVAL");
          this.looks++;
          new DataView(this.ring.buffer).setInt32(0, this.next, true);
          new DataView(this.ring.buffer).setInt32(4, this.size, true);
          harness.memory.set(this.ring, address);
          return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
        },
      },
    });
  }
  private put(text: string): void {
    for (const character of text) {
      this.ring[8 + this.next] = character.charCodeAt(0);
      this.next = (this.next + 1) % KMESS_BUF_SIZE;
      this.size = Math.min(KMESS_BUF_SIZE, this.size + 1);
    }
  }
  /** Updates the driver; the kernel prints meanwhile, and the new version hears of it. Gives how often that looks before. */
  update(meanwhile: string): number {
    this.put(meanwhile);
    this.looks = 0;
    this.harness = this.start({ initType: SEF_INIT_LU, oldEndpoint: 500 as Endpoint, predecessor: this.harness });
    const { looks } = this;
    this.harness.notify(SYSTEM, 1 << SIGKMESS);
    return looks;
  }
  /** The kernel prints; the driver hears of it. */
  print(text: string): unknown[] {
    this.put(text);
    return this.harness.notify(SYSTEM, 1 << SIGKMESS).map(({ message }) => decodeCharReply(message));
  }
  request(name: keyof typeof calls, fields: { [name: string]: number }): unknown {
    const values = { minor: 0, user: USER, positionLow: 0, positionHigh: 0, grant: -1, count: 0, ...fields };
    const [sent] = this.harness.send(VFS, encodeRequest(base, calls[name] as never, values as never));
    return sent === undefined ? null : decodeCharReply(sent.message);
  }
  grant(bytes: number): GrantId {
    return this.harness.grant(VFS, new Uint8Array(bytes));
  }
  text(grant: GrantId, length: number): string {
    return String.fromCharCode(...(this.harness.clients.bytes(VFS, grant) as Uint8Array).subarray(0, length));
  }
}

it("a reader gets what was printed before it came, and waits for more", () => {
  const log = new Log("booting\n");
  expect(log.request("open", { access: DEV_R_BIT })).toEqual({ kind: "open", user: USER, status: 0 });
  const grant = log.grant(100);
  expect(log.request("read", { count: 100, grant })).toEqual({ kind: "revive", user: USER, status: 8, grant });
  expect(log.text(grant, 8)).toBe("booting\n");
  expect(log.request("read", { count: 100, grant })).toBeNull();
  expect(log.print("tty: up\n")).toEqual([{ kind: "revive", user: USER, status: 8, grant }]);
  expect(log.text(grant, 8)).toBe("tty: up\n");
});

it("each message is taken once, also when the kernel's ring goes round", () => {
  const log = new Log();
  const lines = Array.from({ length: 300 }, (_, n) => `message number ${String(n).padStart(4, "0")} of many, to fill the ring\n`);
  for (const line of lines) log.print(line);
  const all = lines.join("");
  const grant = log.grant(all.length);
  expect(log.request("read", { count: all.length, grant })).toMatchObject({ status: all.length });
  expect(log.text(grant, all.length)).toBe(all);
});

it("keeps the last 50 KB", () => {
  const log = new Log();
  const grant = log.harness.grant(VFS, new Uint8Array(60 * 1024).fill(120));
  expect(log.request("write", { count: 60 * 1024, grant })).toMatchObject({ status: 60 * 1024 });
  log.print("end");
  const into = log.grant(64 * 1024);
  expect(log.request("read", { count: 64 * 1024, grant: into })).toMatchObject({ status: 50 * 1024 });
  expect(log.text(into, 50 * 1024).endsWith("xend")).toBe(true);
});

it("select tells later; a cancelled read is answered EINTR; other minors are not there", () => {
  const log = new Log();
  expect(log.request("select", { operations: SEL_RD | SEL_NOTIFY })).toEqual({ kind: "select1", minor: 0, operations: 0 });
  expect(log.print("x")).toEqual([{ kind: "select2", minor: 0, operations: SEL_RD }]);
  const grant = log.grant(10);
  log.request("read", { count: 1, grant });
  log.request("read", { count: 1, grant });
  expect(log.request("cancel", { mode: DEV_R_BIT, grant })).toEqual({ kind: "revive", user: USER, status: errorCode("EINTR"), grant });
  expect(log.request("open", { minor: 1, access: DEV_R_BIT })).toMatchObject({ status: errorCode("ENXIO") });
});

it("a new version takes what the kernel has said meanwhile when it hears of it, and once", () => {
  const log = new Log("before\n");
  expect(log.update("meanwhile\n")).toBe(0);
  const buffer = log.grant(100);
  expect(log.request("read", { count: 100, grant: buffer })).toMatchObject({ kind: "revive", status: 17 });
  expect(log.text(buffer, 17)).toBe("before\nmeanwhile\n");
});
