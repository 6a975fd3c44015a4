import { beforeAll, expect, it } from "vitest";
import { Machine, rootImage } from "../services/machine.mjs";
import { programs, settings } from "./programs.mjs";

let image: Uint8Array;
beforeAll(async () => {
  const built = await programs(["echo"]);
  image = rootImage({ "/sbin/echo": built.get("echo"), "/etc/system.conf.d/echo": settings("echo") } as never);
});
const machine = (): any => new Machine([image]);

it("[S01] [S03] [S04] a service in C starts, answers pings, hears signals, and is brought down by one", () => {
  const one = machine();
  one.must("service up /sbin/echo -period 1HZ");
  const { endpoint, pid } = one.service("echo");
  expect(one.messages).toContain(`echo: fresh at ${endpoint}, before ${0x6ace}`);
  one.pass(6);
  expect(one.service("echo")).toEqual({ endpoint, pid });
  one.must("service down echo");
  expect(one.messages).toContain("echo: signal 15");
  expect(one.service("echo")).toBeNull();
});

it("[S02] [S04] its callbacks decide: a start that fails, one that crashes, no answer to pings, a return from main", () => {
  const one = machine();
  expect(one.run("service up /sbin/echo -args fail").status).toBe(302 & 255);
  expect(one.run("service up /sbin/echo -args crash").status).toBe(302 & 255);
  expect(one.messages).toMatch(/echo\(\d+\): panic: init of type 0, before endpoint 27342: crash\nsyslib:panic.c: stacktrace: 0x/);
  one.must("service up /sbin/echo -args deaf -period 1HZ -script /etc/rs.single");
  one.pass(8);
  expect(one.service("echo")).toBeNull();
  one.run("service run /sbin/echo -args returns");
  one.pass(2);
  expect(one.service("echo")).toBeNull();
});

it("[S04] after a crash it starts anew, or goes on at its endpoint where it says that it can", () => {
  const one = machine();
  one.must("service up /sbin/echo -label anew");
  one.must("service up /sbin/echo -label stays -args stays");
  const before = [one.service("anew"), one.service("stays")];
  for (const { pid } of before) one.must(`kill -9 ${pid}`);
  one.pass(3);
  const [anew, stays] = [one.service("anew"), one.service("stays")];
  expect(anew.endpoint).not.toBe(before[0].endpoint);
  expect(stays.endpoint).toBe(before[1].endpoint);
  expect(one.messages).toMatch(new RegExp(`echo: restart at ${stays.endpoint}, before \\d+`));
});
