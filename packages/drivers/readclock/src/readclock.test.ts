import { DIO_INPUT } from "@procyon-os/contract-kernel";
import { Clock, fromSeconds, PortSpace, Rtc } from "@procyon-os/hardware";
import { ok } from "@procyon-os/message";
import { ServiceHarness } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image } from "./index.ts";

/** Runs the service on a real clock chip; gives the boot time that it has set. */
function run(seconds: number, prepare: (ports: PortSpace) => void = () => {}): { bootTime: number | null; output: string; ended: string | null } {
  const clock = new Clock();
  const ports = new PortSpace();
  ports.attach(new Rtc(clock, fromSeconds(seconds)));
  prepare(ports);
  let bootTime: number | null = null;
  const harness = new ServiceHarness(image, {
    kernel: {
      devio: (_harness, { request, port, value }) => {
        clock.advanceTo(clock.now + 100);
        if ((request & DIO_INPUT) !== 0) return ok({ value: ports.in(port, 1) });
        ports.out(port, value, 1);
        return ok({ value: 0 });
      },
      stime: (_harness, request) => {
        bootTime = request.bootTime;
        return ok({});
      },
    },
  });
  return { bootTime, output: harness.output, ended: harness.ended };
}

it.each([0, 951_782_399, 951_782_400, 1_330_473_600, 1_795_231_001])("sets the boot time from a clock that shows %d seconds, and ends", (seconds) => {
  expect(run(seconds)).toEqual({ bootTime: seconds - 16, output: "", ended: "kernel call exit" });
});

it("a clock that calls itself ill sets nothing and says why", () => {
  const ill = run(0, (ports) => {
    ports.out(0x70, 0x0e, 1);
    ports.out(0x71, 0x80, 1);
  });
  expect(ill).toMatchObject({ bootTime: null, output: "readclock: the clock has lost power\n" });
});
