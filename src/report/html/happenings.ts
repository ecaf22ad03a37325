import { secondsBetween } from "../elapsed.ts";
import { seconds, time } from "../format.ts";
import { recoveryText } from "../../plan/recovery.ts";
import { events, isUnsolved, reloadText, type RunEvent, silenceText } from "../events.ts";
import type { RunRecord } from "../record.ts";
import { causes, headline, refusedWords, untold } from "../words.ts";
import { html, type Markup, prose } from "./markup.ts";

/** What a reader must know beyond the numbers: refusals, causes, what stayed behind, what interrupted the run. */

interface Item {
  head: Markup | string;
  text: string;
  hint: string | null;
}

function list(title: string, lead: string, tone: string, items: Item[]): Markup | null {
  if (items.length === 0) return null;
  return html`<section class="notices tone-${tone}">
    <h2>${title}</h2>
    <p class="lead">${lead}</p>
    <ul>
      ${items.map(
        ({ head, text, hint }) =>
          html`<li>
            <p><b>${head}</b></p>
            <p>${prose(text)}</p>
            ${hint === null ? null : html`<p class="hint">${prose(hint)}</p>`}
          </li>`,
      )}
    </ul>
  </section>`;
}

/** Refusals, diagnosis, leftovers and notices that failed: they stand above the numbers. */
export function notices(record: RunRecord): (Markup | null)[] {
  const { refusals, leftovers } = record;
  const { title, lead } = refusedWords(record);
  return [
    list(
      title,
      lead,
      "doubt",
      refusals.map(({ guard, component, message, hint }) => ({
        head: component === null ? guard : `${guard}: ${component}`,
        text: message,
        hint,
      })),
    ),
    list(
      "Diagnosis",
      "What stands in the way of a PASS, and what to do.",
      headline(record).tone,
      causes(record).map(({ object, cause, hint }) => ({ head: object, text: cause, hint })),
    ),
    list(
      "Left behind",
      "The run made these and could not remove them again.",
      "doubt",
      leftovers.map(({ what, where, why }) => ({ head: what, text: `${where}: ${why}`, hint: null })),
    ),
    list(
      "Not told",
      "These notices did not reach anybody, or not each time.",
      "doubt",
      untold(record).map(({ what, why }) => ({ head: what, text: why, hint: null })),
    ),
  ];
}

function death(at: string, resumedAt: string | null): string {
  if (resumedAt === null) return "No worker has gone on yet.";
  return `The next worker went on after ${seconds(secondsBetween(at, resumedAt))}.`;
}

function told(event: RunEvent, record: RunRecord): { head: string; tone: string; body: Markup } {
  switch (event.kind) {
    case "death":
      return { head: "Worker died", tone: "bad", body: html`<p>${death(event.at, event.resumedAt)}</p>` };
    case "unanswered":
      return { head: "No answer", tone: "doubt", body: html`<p>${capital(silenceText(event))}.</p>` };
    case "ignored":
      return { head: "Decision ignored", tone: "none", body: html`<p>${event.why}</p>` };
    case "closed": {
      const { runId, status, summary } = event.part;
      return { head: `Run ${status}`, tone: "bad", body: html`<p>${summary} Run ID <code>${runId}</code>.</p>` };
    }
    case "resumed":
      return { head: "Resumed", tone: "doubt", body: html`<p><b>${event.by}</b>: “${event.reason}”</p>` };
    case "pause":
    case "unpause": {
      const { by, reason } = event.pause;
      const head = event.kind === "pause" ? "Paused" : "Went on";
      return { head, tone: "doubt", body: html`<p><b>${by}</b>: “${reason}”</p>` };
    }
    case "approval": {
      const { by, reason } = event.approval;
      return { head: "Approval", tone: "good", body: html`<p><b>${by}</b>: “${reason}”</p>` };
    }
    case "refusedApproval":
      return { head: "Approval refused", tone: "doubt", body: html`<p><b>${event.by}</b>: ${event.why}</p>` };
    case "decision": {
      const { action, by, reason, reloaded } = event.decision;
      const read = reloaded === undefined ? null : html`<p>${reloadText(reloaded)}</p>`;
      return {
        head: `Decision: ${action}`,
        tone: "doubt",
        body: html`<p><b>${by}</b>: “${reason}”</p>
          ${read}`,
      };
    }
    case "failure": {
      const { type, message, hint } = event.failure;
      return {
        head: "Failure",
        tone: "bad",
        body: html`<p><code>${type}</code></p>
          <p class="message">${prose(message)}</p>
          <p class="hint">${prose(hint)}</p>
          ${afterFailure(event, record)}`,
      };
    }
  }
}

/** What to do where the run ended with this failure, or waits because of it. */
function afterFailure({ step, failure }: Extract<RunEvent, { kind: "failure" }>, record: RunRecord): Markup | null {
  const text = isUnsolved(step, failure) ? recoveryText(step, record) : "";
  return text === "" ? null : html`<p class="soft">${prose(text)}</p>`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Failures, deaths of workers, servers that did not answer and decisions of people, in the order in which they happened. */
export function interruptions(record: RunRecord): Markup | null {
  const all = events(record);
  if (all.length === 0) return null;
  return html`<section class="interruptions">
    <h2>Interruptions and decisions</h2>
    <ol>
      ${all.map((event) => {
        const { head, tone, body } = told(event, record);
        return html`<li>
          <p class="when">${time(event.at)}</p>
          <div>
            <p><span class="mark tone-${tone}">${head}</span> ${event.step && html`<code>${event.step.id}</code>`}</p>
            ${body}
          </div>
        </li>`;
      })}
    </ol>
  </section>`;
}
