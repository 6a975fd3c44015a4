const ways = ["exit", "reallyExit", "abort"] as const;
type Host = { [way in (typeof ways)[number] | "kill"]: (...args: never[]) => unknown };

function refuse(call: string): never {
  throw new Error(`it calls ${call}, and this process is not its own to end`);
}

/**
 * Code of packages shares this process: from now on what would end it throws instead, which is the crash of the service in whose step it
 * is called. To be called before a package is imported, which may keep the functions it finds. Gives what puts everything back.
 */
export function holdExits(): () => void {
  const host = process as unknown as Host;
  const { exit, reallyExit, abort, kill } = host;
  for (const way of ways) host[way] = (...[status]: unknown[]) => refuse(`process.${way}(${typeof status === "number" ? status : ""})`);
  host.kill = (...args: unknown[]) => {
    const [pid] = args;
    // A number that is not positive means a group of processes, and this one may be in it.
    if (!(Number(pid) > 0) || Number(pid) === process.pid) refuse("process.kill on itself");
    return kill.apply(process, args as never[]);
  };
  return () => void Object.assign(host, { exit, reallyExit, abort, kill });
}
