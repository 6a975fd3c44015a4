import { defaultServices } from "@procyon-os/emulator";
import { IPC_VECTOR, m2, i32, messageType, SEND, SENDNB, type Frame, type Message, type Program, type ServiceImage } from "@procyon-os/message";
import { withStateSpec } from "@procyon-os/sef";
import { BDEV_REPLY, blockContract } from "@procyon-os/contract-block";
import { schedContract } from "@procyon-os/contract-sched";
import { expect, it } from "vitest";
import { conformanceOf } from "./index.ts";

/** The machine's own service, with something done to what it sends or asks, or to what it gets. */
function spoilt(name: string, spoil: (frame: Frame) => void, spoilAnswer: (frame: Frame) => void = () => {}): ServiceImage {
  const image = defaultServices[name] as ServiceImage;
  return {
    ...image,
    *main(args): Program<unknown> {
      const program = image.main(args);
      let step = program.next();
      while (step.done !== true) {
        spoil(step.value);
        const answer = (yield step.value) as Frame;
        spoilAnswer(answer);
        step = program.next(answer);
      }
      return step.value;
    },
  };
}

const replies = (name: string, change: (message: Message) => void): ServiceImage =>
  spoilt(name, ({ vector, ecx, message }) => void (vector === IPC_VECTOR && (ecx === SEND || ecx === SENDNB) && message !== null && change(message)));
const instead = (name: string, error: number, other: number): ServiceImage => replies(name, (message) => void (messageType(message) === error && (message[1] = other)));
const status = m2.i2(i32);
const insteadOfStatus = (name: string, error: number, other: number): ServiceImage =>
  replies(name, (message) => void (messageType(message) === 121 && status.read(message) === error && status.write(message, other)));
const forgetful = (name: string): ServiceImage => withStateSpec(defaultServices[name] as ServiceImage, (spec) => ({ ...spec, saved: false }));

const { setNice } = schedContract.calls;
/** SCHED hears that everybody's best priority is that of a user's process. */
const withoutNice = spoilt("sched", () => {}, ({ message }) => {
  if (message !== null && messageType(message) === schedContract.base + setNice.number) setNice.request.maxPriority.write(message, 7);
});

// One thing that is wrong with each service, the check that has to find it, and what it has to say.
const wrong: readonly (readonly [name: string, what: string, image: ServiceImage, title: string, says: string | RegExp])[] = [
  ["sched", "ignores nice values", withoutNice, "shares the processor", "a program with nice value 15 gets less than half of that"],
  ["sched", "forgets whom it schedules", forgetful("sched"), "is updated", "ERESTART"],
  ["tty", "forgets what was typed", forgetful("tty"), "keeps half a line", /the line shows "\\nhalf a line\\n": "echo ha/],
  ["tty", "answers an error that its contract does not name", insteadOfStatus("tty", -6, -33), "contract says", "open with ones answers EDOM (-33), which its contract does not name (ENXIO, EACCES, EIO)"],
  ["log", "forgets its messages", forgetful("log"), "keeps what is written", "can be read after it: it does not"],
  ["memory", "answers an error that its contract does not name", insteadOfStatus("memory", -6, -33), "contract says", "open with zeros answers EDOM"],
  ["at_wini", "fails behind the end of the disk", replies("at_wini", (message) => {
    const { status, id } = blockContract.calls.read.reply;
    if (messageType(message) === BDEV_REPLY && status.read(message) === 0 && id.read(message) === 5) status.write(message, -5);
  }), "ends a transfer", "a read behind the end gives 0: -5"],
  ["pfs", "forgets what pipes hold", forgetful("pfs"), "keeps what a pipe holds", "ERESTART"],
  ["mfs", "forgets the mount", forgetful("mfs"), "is updated", "ERESTART"],
  ["pm", "lets everybody signal everybody", instead("pm", -1, 0), "lets nobody signal", '"ok"] instead of'],
  ["pm", "forgets its processes", forgetful("pm"), "is updated", "ERESTART"],
  ["vfs", "calls a bad descriptor a bad argument", instead("vfs", -9, -22), "descriptors and addresses", 'read and close of descriptor 77: ["EINVAL","EINVAL"] instead of ["EBADF","EBADF"]'],
  ["vfs", "forgets what is open", forgetful("vfs"), "is updated", "ERESTART"],
  ["vm", "unmaps what is not mapped", instead("vm", -14, 0), "maps zeroed memory", '[0,4711,7,true,"ok"] instead of'],
  ["rs", "lets everybody end the system", instead("rs", -1, 0), "root alone", '[6,"ok"] instead of [6,"EPERM"]'],
  ["is", "forgets its pages", forgetful("is"), "keeps its place", "the page after the update is the last one"],
  ["is", "answers an error that its contract does not name", instead("is", -1, -33), "contract says", "dump with zeros answers EDOM (-33), which its contract does not name (EPERM, EINVAL, EFAULT)"],
  ["ds", "does not start", { ...(defaultServices["ds"] as ServiceImage), *main() { throw new Error("broken"); } }, "boots to a shell", "no machine starts with it"],
];

it.each(wrong)("finds that %s %s, and says so", (name, _, image, title, says) => {
  const outcomes = conformanceOf(name, image, { only: title });
  expect(outcomes).toHaveLength(1);
  expect(outcomes[0]?.problem).toMatch(says);
});
