// Two versions of PM whose tables have different shapes: 9.1.0 has today's, in 9.2.0 each process has its name also as a nickname.
// Migrations lead both ways.
import { pmState, pmWith } from "@procyon-os/pm";
import { stateSpec } from "@procyon-os/sef";

export const nicknames = { packages: [], seen: 0 };

const up = ({ processes, ...rest }) => ({ ...rest, shape: "wide", processes: processes.map((process) => process && { ...process, nickname: process.name }) });

function down({ processes, shape, ...rest }) {
  if (shape !== "wide") throw new Error(`this state is ${shape}`);
  return {
    ...rest,
    processes: processes.map((process) => {
      if (!process) return process;
      const { nickname, ...narrow } = process;
      // Processes that came since have none: PM of 9.2.0 is today's program, and makes them as today.
      if (nickname !== undefined) nicknames.seen++;
      return narrow;
    }),
  };
}

const { version } = pmState;
nicknames.packages.push(
  pmWith(stateSpec({ ...pmState, migrations: { [version + 1]: down } }), "9.1.0"),
  pmWith(stateSpec({ ...pmState, version: version + 1, migrations: { [version]: up } }), "9.2.0"),
);
