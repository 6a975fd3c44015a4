import { blockContract, blockReply, DIOCGETP, encodePartition } from "@procyon-os/contract-block";
import {
  CLOCK, DS, decodeRequest, encodeReply, errorCode, messageType, newMessage, NOTIFY, NOTIFY_MESSAGE, ok, type Endpoint, type GrantId, type Message,
  type Program, type ServiceImage,
} from "@procyon-os/message";
import { dsContract } from "@procyon-os/contract-ds";
import { grantedBytes, ServiceHarness, type Partner } from "@procyon-os/service-harness";
import { allocate, grantsInUse, load, printf } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { blockDriver, blockGather, blockIoctl, blockOpen, blockRead } from "./index.ts";

const DEVICE = 0x301;
const OLD = 60 as Endpoint;
const NEW = 36_618 as Endpoint;
const { calls, base } = blockContract;

function* client(): Program<void> {
  yield* blockDriver(DEVICE, "at_wini_0");
  yield* printf(`open ${yield* blockOpen(DEVICE)}\n`);
  const buffer = yield* allocate(1024);
  yield* printf(`read ${yield* blockRead(DEVICE, 512, buffer, 512)} ${(yield* load(buffer, 1))[0]}\n`);
  yield* printf(`gather ${yield* blockGather(DEVICE, 0, [{ address: buffer, bytes: 512 }, { address: buffer + 512, bytes: 512 }])}\n`);
  yield* printf(`getp ${yield* blockIoctl(DEVICE, DIOCGETP, buffer)} ${(yield* load(buffer, 1))[0]}\n`);
  yield* printf(`grants ${grantsInUse()}\n`);
}
const image: ServiceImage = { name: "client", version: "0", dataBytes: 65536, stackBytes: 4096, main: client };

/** What a driver does with a request: a status, or a negative error of the trap when it dies over it. */
type Script = (name: string, life: number, harness: ServiceHarness, message: Message) => number | "dies";

/** A driver that lives once at OLD and then, when it has died, at `next`. */
function run(script: Script, next: Endpoint = OLD): { output: string; requests: string[] } {
  const requests: string[] = [];
  let life = 0;
  let gone = 0; // how often DS does not know the label yet
  const names = new Map(Object.entries(calls).map(([name, { number }]) => [base + number, name]));
  const driver: Partner = (message, harness) => {
    const name = names.get(messageType(message)) as string;
    requests.push(`${name}@${life}`);
    const result = script(name, life, harness, message);
    if (result !== "dies") return blockReply(result, 0);
    life++;
    gone = 2;
    return newMessage(errorCode("EDEADSRCDST"));
  };
  const ds: Partner = () => {
    if (gone > 0 && gone-- > 0) return newMessage(errorCode("ESRCH"));
    return encodeReply(dsContract.calls.retrieve, ok({ value: life === 0 ? OLD : next, valueLength: 0 }));
  };
  const harness = new ServiceHarness(image, { partners: new Map([[DS, ds], [OLD, driver], [NEW, driver]]) });
  for (let turns = 0; harness.ended === null && turns < 1000; turns++) {
    harness.post(CLOCK, newMessage(NOTIFY_MESSAGE), NOTIFY);
    harness.run();
  }
  expect(harness.ended).toBe("exit");
  return { output: harness.output, requests };
}

/** Does what it is asked. */
const serve: Script = (name, _life, harness, message) => {
  if (name === "read") {
    const { grant, count, positionLow } = decodeRequest(calls.read, message);
    (grantedBytes(harness, harness.endpoint, grant) as Uint8Array).fill(positionLow >> 8);
    return count;
  }
  if (name === "ioctl") {
    const { grant } = decodeRequest(calls.ioctl, message);
    (grantedBytes(harness, harness.endpoint, grant as GrantId) as Uint8Array).set(encodePartition({ base: 7, size: 1, cylinders: 1, heads: 1, sectors: 1 }));
  }
  return name === "gather" ? 1024 : 0;
};
const GOOD = "open 0\nread 512 2\ngather 1024\ngetp 0 7\ngrants 0\n";

it("opens, reads, gathers and asks, and takes every grant back", () => {
  expect(run(serve)).toEqual({ output: GOOD, requests: ["open@0", "read@0", "gather@0", "ioctl@0"] });
});

it.each([["the same", OLD], ["another", NEW]])("a driver that dies over a request and comes back at %s endpoint is noticed by nobody", (_which, next) => {
  const { output, requests } = run((name, life, harness, message) => (life === 0 && name === "read" ? "dies" : serve(name, life, harness, message)), next);
  expect(output).toBe(GOOD);
  expect(requests).toEqual(["open@0", "read@0", "open@1", "read@1", "gather@1", "ioctl@1"]);
});

it("a driver that has restarted between two requests asks for the open again", () => {
  let asked = false;
  const { output, requests } = run((name, life, harness, message) => {
    if (name !== "gather" || asked) return serve(name, life, harness, message);
    asked = true;
    return errorCode("ERESTART");
  });
  expect(output).toBe(GOOD);
  expect(requests).toEqual(["open@0", "read@0", "gather@0", "open@0", "gather@0", "ioctl@0"]);
});

it("a driver that dies over every try is given up after ten, with its label", () => {
  const { output, requests } = run((name, life, harness, message) => (name === "read" ? "dies" : serve(name, life, harness, message)));
  expect(output).toContain(`block: driver at_wini_0 of device 3/1 is gone\nread ${errorCode("EDEADSRCDST")}`);
  expect(requests.filter((request) => request.startsWith("read")).length).toBe(10);
});

it("an input error is tried five times", () => {
  const { output, requests } = run((name, life, harness, message) => (name === "read" ? errorCode("EIO") : serve(name, life, harness, message)));
  expect(output).toContain(`read ${errorCode("EIO")}`);
  expect(requests.filter((request) => request.startsWith("read")).length).toBe(5);
});
