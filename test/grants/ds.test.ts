import { expect, it } from "vitest";
import { Machine, rootImage } from "../services/machine.mjs";
import { dstest } from "./ds-suite.ts";

it("[D01] [D04] the ds suite passes as a hosted service that the guest's shell started", () => {
  const machine: any = new Machine([rootImage({ "/sbin/dstest": "#!hosted @procyon-os/dstest\n", "/etc/system.conf.d/dstest": "service dstest\n{\n\tuid 0;\n\tipc SYSTEM ds vm rs pm;\n\tsystem BASIC;\n\tvm BASIC;\n};\n" })], { packages: [dstest] } as never);
  machine.type("service up /sbin/dstest\n");
  machine.until(() => (machine.messages + machine.console).includes("LABEL test done"), "end of the suite");
  const printed: string = machine.messages + machine.console;
  expect(printed).not.toContain("FAIL");
  expect(printed).toContain("MAP test done");
});
