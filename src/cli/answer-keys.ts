import { emitKeypressEvents } from "node:readline";
import { describeFailure } from "../failures.ts";
import type { Answer, DecisionRequest } from "../workflows/messages.ts";
import { type Answering, idle, offered, press, stillAsked } from "./answering.ts";
import { personName } from "./person.ts";
import { tellRun } from "./tell-run.ts";
import type { Watch } from "./watch.ts";

/** The keyboard below a live view. */
export interface AnswerKeys {
  /** What is to be shown now; listens to keys only while a step waits. Null where there is no keyboard. */
  look(): Answering | null;
  /** Called when there is something else to show, until it is closed. */
  onChange: () => void;
  close(): void;
}

/** Where nobody types. */
export const noKeys: AnswerKeys = { look: () => null, onChange() {}, close() {} };

/** Lets a person answer steps by keys, as `firedrill retry`, `skip` and `abort` do. @param by their name; the user's otherwise */
export function answerKeys(watch: Watch, input: NodeJS.ReadStream, by: string | undefined): AnswerKeys {
  let state = idle;
  let listening = false;
  const change = (next: Answering) => {
    state = next;
    // Not at once: all that is pasted counts before the next question is on the screen.
    setImmediate(() => keys.onChange());
  };

  async function send({ answer, reason }: Extract<Answering, { stage: "sending" }>): Promise<void> {
    const { action, step, failureNo } = answer;
    try {
      const decision: DecisionRequest = { step, action, by: personName(by), reason, failureNo };
      await tellRun<Answer>(watch.client, watch.handle.workflowId, "decide", decision);
      change({ stage: "told", good: true, message: `${action} ${step}: taken` });
    } catch (error) {
      const { message, hint } = describeFailure(error);
      change({ stage: "told", good: false, message, hint });
    }
  }

  const onKey = (text: string | undefined, { name = "", ctrl = false }: { name?: string; ctrl?: boolean }) => {
    // The terminal makes no signals of keys while it hands them over one by one.
    if (ctrl && name === "c") return void process.kill(process.pid, "SIGINT");
    if (ctrl && name === "z") {
      listen(false);
      return void process.kill(process.pid, "SIGTSTP");
    }
    if (watch.record === null) return;
    const printable = !ctrl && text !== undefined && /^\P{Cc}+$/u.test(text);
    const next = press(
      state,
      { name: ctrl && name === "u" ? "clear" : name, text: printable ? text : "" },
      watch.record,
    );
    if (next.stage === "sending" && state.stage !== "sending") void send(next);
    change(next);
  };

  function listen(on: boolean): void {
    if (on === listening) return;
    listening = on;
    input.setRawMode(on);
    if (on) input.on("keypress", onKey).resume();
    else input.off("keypress", onKey).pause();
  }

  emitKeypressEvents(input);
  const keys: AnswerKeys = {
    look() {
      const { record } = watch;
      if (record === null) return null;
      state = stillAsked(state, record);
      const waits = offered(record).length > 0;
      if (state.stage === "told" && state.good && !waits) state = idle;
      listen(waits || state.stage !== "idle");
      const seen = state;
      if (state.stage === "confirm") state = { ...state, shown: true };
      return seen;
    },
    onChange() {},
    close() {
      keys.onChange = () => {};
      listen(false);
    },
  };
  return keys;
}
