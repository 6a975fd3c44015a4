import { describeResult, errorName, messageType, newMessage, type Call, type Endpoint, type Message, type Program, type Protocol } from "@procyon-os/message";
import { sendrec } from "@procyon-os/syslib";
import type { Bench } from "./bench.ts";
import { actAsVfs } from "./errands.ts";
import { NOBODY } from "./machine.ts";
import { holds, type Check } from "./check.ts";

/** How a contract's answers say what came of a request, and what is special about its calls. */
export interface AnswerRules {
  /** The result that an answer carries. Default: its m_type. */
  readonly result?: (reply: Message) => number;
  /** Calls that may be left without an answer: those that wait, and those after which nobody is there to hear it. */
  readonly silent?: readonly string[];
  /** Errors that any call may answer, whatever else its contract says. */
  readonly always?: readonly string[];
  /** Calls that are not made at all. */
  readonly leaveOut?: readonly string[];
  /** Calls for which zeros are an honest request, which others would notice. */
  readonly notZeros?: readonly string[];
  /** Numbers above the base that are calls of every service (COMMON_…). */
  readonly known?: readonly number[];
  /** Who asks. */
  readonly as?: Caller;
}

/** Runs a program as a client; throws where it does not end. `once`: after that, it cannot be asked again. */
export interface Caller {
  readonly once: boolean;
  readonly run: (bench: Bench, program: () => Program<void>) => void;
}

/** Payloads that no honest client sends. */
const payloads: readonly (readonly [string, number])[] = [["zeros", 0], ["ones", -1], ["large numbers", 0x7fffffff], ["the least number", -0x80000000]];

interface Question {
  readonly call: string;
  readonly payload: string;
  readonly message: Message;
}
type Answers = Map<Question, Message | null>;

/** Sends requests one after another. Where no answer comes, goes on with the next. */
function ask(bench: Bench, questions: readonly Question[], as: Caller): Answers {
  const answers: Answers = new Map();
  const endpoint = bench.machine.service(bench.label)?.endpoint as Endpoint;
  while (answers.size < questions.length) {
    try {
      as.run(bench, function* () {
        while (answers.size < questions.length) {
          const question = questions[answers.size] as Question;
          answers.set(question, (yield* sendrec(endpoint, question.message.slice())).slice());
        }
      });
    } catch (error) {
      const unanswered = questions[answers.size];
      if (unanswered === undefined) throw error;
      answers.set(unanswered, null);
      if (as.once) break;
    }
  }
  return answers;
}

const asNobody: Caller = { once: false, run: (bench, program) => bench.machine.act(program, { uid: NOBODY, seconds: 2 }) };
/** File servers listen to VFS only. */
export const asVfs: Caller = { once: true, run: (bench, program) => actAsVfs(bench.machine, bench.errands, program) };

function problemOf(call: Call, name: string, payload: string, reply: Message | null, rules: AnswerRules): string | null {
  if (reply === null) return rules.silent?.includes(name) ? null : `${name} with ${payload} has no answer`;
  const result = (rules.result ?? messageType)(reply);
  const allowed = [...Object.keys(call.errors), ...(rules.always ?? [])];
  if (result >= 0 || allowed.includes(errorName(result) ?? "")) return null;
  return `${name} with ${payload} answers ${describeResult(result)}, which its contract does not name (${allowed.join(", ") || "no errors"})`;
}

/** What follows from a contract on a running machine: whatever a stranger sends is answered as the contract says, and ends nothing. */
export function contractChecks(bench: Bench, contract: Protocol<any>, rules: AnswerRules): Check[] {
  const calls = contract.calls as { readonly [name: string]: Call };
  const known = [...Object.values(calls).map(({ number }) => number), ...(rules.known ?? [])];
  const unknown = [Math.max(...Object.values(calls).map(({ number }) => number).filter((number) => number < 0x200)) + 1, 0x63, 0x7f].filter((number) => !known.includes(number));
  const names = Object.keys(calls).filter((name) => !rules.leaveOut?.includes(name));
  const question = (call: string, number: number, [payload, word]: readonly [string, number]): Question =>
    ({ call, payload, message: newMessage(contract.base + number).fill(word, 2) });
  return [
    {
      title: "answers whatever a stranger sends with what its contract says",
      run() {
        const questions = names.flatMap((name) =>
          payloads.filter(([, word]) => word !== 0 || !rules.notZeros?.includes(name)).map((payload) => question(name, (calls[name] as Call).number, payload)));
        const answers = [...ask(bench, questions, rules.as ?? asNobody)];
        const problems = answers.map(([{ call, payload }, reply]) => problemOf(calls[call] as Call, call, payload, reply, rules)).filter((text) => text !== null);
        holds("answers", problems.length === 0, problems.join("; "));
        holds("the shell goes on after that", bench.machine.run("echo alive") === "alive\n");
      },
    },
    {
      title: "refuses numbers that no call has",
      run() {
        const answers = ask(bench, unknown.map((number) => question(`number 0x${(contract.base + number).toString(16)}`, number, ["zeros", 0])), rules.as ?? asNobody);
        for (const [{ call }, reply] of answers) {
          const result = reply === null ? null : (rules.result ?? messageType)(reply);
          holds(`${call}, which no call has, is refused with ENOSYS or EINVAL`, result !== null && ["ENOSYS", "EINVAL"].includes(errorName(result) ?? ""), result === null ? "no answer" : describeResult(result));
        }
      },
    },
  ];
}
