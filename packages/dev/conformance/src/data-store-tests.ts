import { DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_TYPE_LABEL, DSF_TYPE_STR, DSF_TYPE_U32, dsContract } from "@procyon-os/contract-ds";
import { LOG, NOTIFY, RS, TTY, type Endpoint, type GrantId, type ServiceImage } from "@procyon-os/message";
import type { ServiceHarness } from "@procyon-os/service-harness";
import { beforeEach, describe, expect, it } from "vitest";
import { startAlone } from "./harness.ts";

const STRANGER = 77777 as Endpoint;
const done = { ok: true, value: {} };
const error = (name: string): object => ({ ok: false, error: name });

/** What every data store does for its clients. */
export function describeDataStore(image: ServiceImage): void {
  describe("as the data store", () => {
    let service: ServiceHarness;
    beforeEach(() => {
      service = startAlone(image);
    });
    const key = (owner: Endpoint, text: string): { key: GrantId; keyLength: number } => ({ key: service.grant(owner, text), keyLength: text.length + 1 });
    const publish = (owner: Endpoint, name: string, value: number, flags: number = DSF_TYPE_U32) =>
      service.call(dsContract, owner, "publish", { ...key(owner, name), flags, value, valueLength: 4 });
    const retrieve = (owner: Endpoint, name: string, flags: number = DSF_TYPE_U32) =>
      service.call(dsContract, owner, "retrieve", { ...key(owner, name), flags, value: 0, valueLength: 0, snapshot: 0 });
    const remove = (owner: Endpoint, name: string) => service.call(dsContract, owner, "delete", { ...key(owner, name), flags: DSF_TYPE_U32 });

    it("keeps a number until its owner deletes it", () => {
      expect(publish(TTY, "speed", 9600)).toEqual(done);
      expect(retrieve(STRANGER, "speed")).toMatchObject({ ok: true, value: { value: 9600 } });
      expect(publish(TTY, "speed", 1200)).toEqual(error("EEXIST"));
      expect(publish(TTY, "speed", 1200, DSF_TYPE_U32 | DSF_OVERWRITE)).toEqual(done);
      expect(retrieve(LOG, "speed")).toMatchObject({ value: { value: 1200 } });
      expect(remove(LOG, "speed")).toEqual(error("EPERM"));
      expect(remove(TTY, "speed")).toEqual(done);
      expect(retrieve(TTY, "speed")).toEqual(error("ESRCH"));
    });

    it("keeps a text, and keeps it apart from a number of the same key", () => {
      publish(TTY, "name", 1);
      const text = service.grant(TTY, "console");
      expect(service.call(dsContract, TTY, "publish", { ...key(TTY, "name"), flags: DSF_TYPE_STR, value: text, valueLength: 8 })).toEqual(done);
      const room = service.grant(LOG, new Uint8Array(16));
      const got = service.call(dsContract, LOG, "retrieve", { ...key(LOG, "name"), flags: DSF_TYPE_STR, value: room, valueLength: 16, snapshot: 0 });
      expect(got).toMatchObject({ ok: true });
      expect(String.fromCharCode(...(service.clients.bytes(LOG, room) as Uint8Array).subarray(0, 7))).toBe("console");
      expect(retrieve(LOG, "name")).toMatchObject({ value: { value: 1 } });
    });

    it("lets only the owner overwrite what is marked so, and only RS publish labels", () => {
      expect(publish(TTY, "mine", 1, DSF_TYPE_U32 | DSF_PRIV_OVERWRITE)).toEqual(done);
      expect(publish(LOG, "mine", 2, DSF_TYPE_U32 | DSF_OVERWRITE)).toEqual(error("EPERM"));
      expect(publish(STRANGER, "any", 1)).toEqual(error("EPERM"));
      expect(publish(TTY, "label", 5, DSF_TYPE_LABEL)).toEqual(error("EPERM"));
      expect(publish(RS, "label", 5000, DSF_TYPE_LABEL)).toEqual(done);
      expect(retrieve(LOG, "label", DSF_TYPE_LABEL)).toMatchObject({ value: { value: 5000 } });
    });

    it("knows the boot services from its start", () => {
      expect(retrieve(STRANGER, "tty", DSF_TYPE_LABEL)).toMatchObject({ ok: true, value: { value: TTY } });
    });

    it("tells a subscriber of keys that match its pattern as a whole, and of no others", () => {
      expect(service.call(dsContract, LOG, "subscribe", { ...key(LOG, "drv[.]vfs[.].*"), flags: DSF_TYPE_U32 })).toEqual(done);
      const told = (name: string): boolean => {
        const before = service.sent.length;
        publish(TTY, name, 1);
        return service.sent.slice(before).some(({ to, how }) => to === LOG && how === NOTIFY);
      };
      expect([told("drv.vfs.tty"), told("drv.tty"), told("xdrv.vfs.tty")]).toEqual([true, false, false]);
      const room = service.grant(LOG, new Uint8Array(80));
      expect(service.call(dsContract, LOG, "check", { key: room, keyLength: 80 })).toMatchObject({ ok: true });
      expect(String.fromCharCode(...(service.clients.bytes(LOG, room) as Uint8Array).subarray(0, 11))).toBe("drv.vfs.tty");
      expect(service.call(dsContract, LOG, "check", { key: room, keyLength: 80 })).toEqual(error("ENOENT"));
    });

    it("refuses keys that are too short, too long or not there", () => {
      expect(publish(TTY, "", 1)).toEqual(error("EINVAL"));
      expect(publish(TTY, "x".repeat(200), 1)).toEqual(error("EINVAL"));
      expect(retrieve(TTY, "nothing")).toEqual(error("ESRCH"));
    });
  });
}
