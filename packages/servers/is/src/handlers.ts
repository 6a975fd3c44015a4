import type { isContract } from "@procyon-os/contract-is";
import { pmContract } from "@procyon-os/contract-pm";
import { fail, ok, PM } from "@procyon-os/message";
import { client, textBytes, writeProcess, type Handlers } from "@procyon-os/syslib";
import { dumps } from "./dumps/all.ts";
import { keyName } from "./key.ts";
import type { IsState } from "./state.ts";

const pm = client(pmContract, PM);

/** What can be asked of IS. */
export const handlers: Handlers<IsState, typeof isContract> = {
  *dump(_state, caller, { key, from, size, where }) {
    const who = yield* pm.getEpInfo({ endpoint: caller });
    if (!who.ok || who.value.uid !== 0) return fail("EPERM");
    const dump = dumps.get(key);
    if (dump === undefined || from < 0) return fail("EINVAL");
    const shown = yield* dump.read();
    const lines = "problem" in shown ? [shown.problem] : [`${keyName(key)}: ${dump.title}`, shown.heading, ...shown.lines.map(({ text }) => text)];
    let text = "";
    let next = from;
    for (; next < lines.length && text.length + (lines[next] as string).length + 1 <= size; next++) text += `${lines[next]}\n`;
    if (next === from && from < lines.length) return fail("EINVAL");
    const written = yield* writeProcess(caller, where, textBytes(text));
    return written.ok ? ok({ bytes: text.length, next: next < lines.length ? next : 0 }) : fail("EFAULT");
  },
};
