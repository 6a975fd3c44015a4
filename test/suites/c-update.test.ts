import { errorCode } from "@procyon-os/message";
import { withStateSpec } from "@procyon-os/sef";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { clientFiles, counter, counterClient, counterContract } from "../services/clients.mjs";
import { Machine, rootImage } from "../services/machine.mjs";
import { variants } from "./programs.mjs";

const C = {
  c1: ["counter"], c2: ["counter", "VERSION=2"], refuses: ["counter", "VERSION=2", "REFUSES"], crashes: ["counter", "VERSION=2", "CRASHES"],
  never: ["counter", "HANGS"], other: ["counter", 'CONTRACT="2.0.0"'], strange: ["counter", 'STATE="abacus"'],
};
const another = { ...counter(1, { minor: 7 }), contract: { ...counterContract, name: "abacus" } };
const broken = { ...counter(1, { minor: 8 }), provides: [{ name: "counter", version: "3.0.0" }], contract: undefined };
const strange = withStateSpec(counter(1, { minor: 9 }), (spec) => ({ ...spec, name: "abacus" }));
let machine: any;
let from = 0;
const said = (): string => machine.messages.slice(from);
const update = (file: string, more = ""): { output: string; status: number } =>
  machine.run(`service update /test/${file} -label counter -config /test/c.conf ${more}`);
/** What the client has seen since it was started: nothing lost and nothing wrong. */
const client = (): string => {
  const start = machine.messages.length;
  machine.must("service down adder");
  machine.must("service up /test/adder -config /test/test.conf -label adder");
  return /^adder: (.*)$/m.exec(machine.messages.slice(start))?.[1] ?? "";
};

beforeAll(async () => {
  const files = Object.fromEntries([...(await variants(C))].map(([name, file]) => [`/test/${name}`, file]));
  const conf = [...Object.keys(C), "counter"].map((name) => `service ${name} { uid 0; };\n`).join("");
  machine = new Machine([rootImage({ ...clientFiles, ...files, "/test/c.conf": conf } as never)], { packages: [counter(1), counterClient, another, broken, strange] } as never);
  machine.must("service up /test/c1 -label counter -config /test/c.conf");
  machine.must("service up /test/adder -config /test/test.conf -label adder");
});
beforeEach(() => {
  from = machine.messages.length;
});

it("[R07] [S05] [S07] updates a service in C to its next version, that to a hosted one, and that to C again, under load and with its state", () => {
  const before = machine.service("counter");
  for (let time = 0; time < 5; time++) {
    expect(update("c2")).toEqual({ output: "", status: 0 });
    expect(machine.run("service update counter --package counter@1.0.0")).toEqual({ output: "", status: 0 });
    expect(update("c1")).toEqual({ output: "", status: 0 });
  }
  expect(update("counter")).toEqual({ output: "", status: 0 }); // a #!hosted file
  expect(update("c1")).toEqual({ output: "", status: 0 });
  expect(machine.service("counter")).toEqual(before);
  expect(client()).toMatch(/^done [1-9]\d+ wrong 0 lost 0 $/);
  expect(said()).toMatch(/counter in C 2 starts at [1-9]\d*\n/);
  expect(said()).toMatch(/counter 1 starts at [1-9]\d*\n/);
  expect(said()).toMatch(/counter in C 1 starts at [1-9]\d*\n/);
  expect(said()).toMatch(/c1: cycle=1 state=1\ncounter in C: \d+ before state 1\n/); // dumped for debugging
});

it.each([["refuses", 41], ["crashes", 41]] as const)("[R07] takes the update back where the new version in C %s, with nothing lost", (file, status) => {
  const before = machine.service("counter");
  expect(update(file).status).toBe(status);
  expect(machine.service("counter")).toEqual(before);
  expect(client()).toMatch(/^done [1-9]\d* wrong 0 lost 0 $/);
});

it("[R07] [S07] takes the update back where the state is that of another service, and neither image says so: C after C, hosted after C, C after hosted", () => {
  const refused = { status: 41 };
  const hosted = `service update counter --package counter@${strange.version}`;
  expect(update("strange")).toMatchObject(refused);
  expect(machine.run(hosted)).toMatchObject(refused);
  expect(machine.run("service update counter --package counter@1.0.0").status).toBe(0);
  expect(update("strange")).toMatchObject(refused);
  expect(machine.run(hosted)).toMatchObject(refused);
  expect(said().match(/sef: abacus: what is there is the state of another service\n/g)).toHaveLength(4);
  expect(client()).toMatch(/^done [1-9]\d* wrong 0 lost 0 $/);
  expect(update("c1").status).toBe(0);
});

it("[R07] gives up an update for which a version in C is never ready, and it goes on", () => {
  expect(update("never").status).toBe(0);
  expect(update("c2", "-state 2 -maxtime 1HZ").status).toBe(4);
  expect(update("c2", "-state 9").status).toBe(22);
  expect(client()).toMatch(/^done [1-9]\d* wrong 0 lost 0 $/);
  expect(update("c1").status).toBe(0); // where no work is in hand it need not be asked
});

it("[E04] refuses programs whose contracts do not fit: C after C, hosted after C, C after hosted", () => {
  const refused = -errorCode("EOPNOTSUPP") & 255;
  expect(update("other")).toMatchObject({ status: refused });
  expect(said()).toContain("RS: counter: counter: version 2.0.0 is provided, 1.0.0 is in use");
  expect(machine.run("service update counter --package counter@1.7.0").status).toBe(refused);
  expect(said()).toContain("counter: the package does not say that it provides this contract");
  expect(machine.run("service update counter --package counter@1.8.0").status).toBe(refused);
  expect(update("counter").status).toBe(0);
  expect(update("other").status).toBe(refused);
  expect(said()).toContain("an ELF program@0 cannot replace counter@1.0.0: counter: version 2.0.0 is provided, 1.0.0 is in use");
  expect(update("c1").status).toBe(0);
  expect(client()).toMatch(/^done [1-9]\d* wrong 0 lost 0 $/);
});

it.each([["read from disk again", ""], ["kept in memory", "-c"]])("[R08] starts a service in C again with its state at its endpoint, %s", (_what, flag) => {
  machine.must("service down counter");
  machine.must(`service ${flag} up /test/c2 -label counter -config /test/c.conf`);
  client();
  const before = machine.service("counter");
  for (let time = 0; time < 3; time++) {
    machine.pass(0.5);
    machine.must(`kill -9 ${before.pid}`);
    machine.pass(9);
  }
  expect(machine.service("counter")).toEqual(before);
  expect(client()).toMatch(/^done [1-9]\d* wrong 0 lost [0-3] /);
  expect(said()).toMatch(/counter in C 2 starts at [1-9]\d*\n/);
});
