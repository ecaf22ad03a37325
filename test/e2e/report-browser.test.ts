import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderHtml } from "../../src/report/html.ts";
import type { RunRecord } from "../../src/report/record.ts";
import { headline } from "../../src/report/words.ts";
import { samples } from "../support/records.ts";

/** report.html in a real browser. Without a Chromium on PATH there is nothing to open it with, and the tests are skipped. */

const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, name)))
  .find((file) => existsSync(file));
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];

/** Longest words that may come: an ID without a place to break, a path, a checksum. */
function longWords(): RunRecord {
  const record = structuredClone(samples.failed);
  const long = "x".repeat(400);
  record.run.workflowId = long;
  record.steps[0]!.note = long;
  record.components[0]!.target = long;
  record.components[0]!.checks[0]!.found = long;
  record.diagnosis[0]!.cause = long;
  record.steps.find(({ failures }) => failures.length > 0)!.failures[0]!.message = long;
  return record;
}

const records: Record<string, RunRecord> = { ...samples, "long words": longWords() };

describe.skipIf(executablePath === undefined)("report.html in a browser", () => {
  let browser: Browser;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "firedrill-report-"));
    browser = await chromium.launch({ executablePath: executablePath!, args });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(directory, { recursive: true });
  });

  async function open(name: string, colorScheme: "light" | "dark", width: number) {
    const file = join(directory, "report.html");
    await writeFile(file, renderHtml(records[name]!));
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    return { page, complaints };
  }

  /** Pixels by which the page is wider than its window. */
  const overflow = (page: Page) =>
    page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

  const background = (page: Page) =>
    page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");

  const views = Object.keys(records).flatMap((name) =>
    (["light", "dark"] as const).flatMap((scheme) => [1280, 360].map((width) => [name, scheme, width] as const)),
  );

  test.each(views)("%s, %s, %i pixels wide", async (name, scheme, width) => {
    const { page, complaints } = await open(name, scheme, width);
    expect(await overflow(page)).toBe(0);
    expect(await background(page)).toBe(scheme === "light" ? "rgb(253, 252, 250)" : "rgb(21, 20, 18)");

    const verdict = page.locator("h1");
    expect(await verdict.innerText()).toBe(headline(records[name]!).word);
    const { y, height } = (await verdict.boundingBox())!;
    expect(y + height).toBeLessThan(400);

    const rows = await page.evaluate<[id: string, width: number][]>(
      `[...document.querySelectorAll(".timeline [data-step]")].map((row) =>
        [row.dataset.step, row.querySelector("svg").getBoundingClientRect().width])`,
    );
    expect(rows.map(([id]) => id)).toEqual(records[name]!.steps.map(({ id }) => id));
    expect(Math.min(...rows.map(([, width]) => width))).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("bars lie on the timeline where their time was", async () => {
    const { page } = await open("passed", "light", 1280);
    const box = async (selector: string) => (await page.locator(selector).boundingBox())!;
    const track = await box('[data-step="restore/shop"] svg');
    const length = 81.3;
    for (const [kind, from, to] of [
      ["died", 40.5, 51.2],
      ["resuming", 51.2, 55.9],
      ["ran", 55.9, 66.1],
    ] as const) {
      const bar = await box(`[data-step="restore/shop"] .bar-${kind}`);
      expect(bar.x - track.x).toBeCloseTo((from / length) * track.width, 0);
      expect(bar.width).toBeCloseTo(((to - from) / length) * track.width, 0);
    }
    const loss = await box('[data-step="restore/shop"] .loss');
    expect(loss.x + loss.width / 2 - track.x).toBeCloseTo((38.8 / length) * track.width, 0);
    await page.close();
  });

  test("kinds of time differ without colours", async () => {
    const { page } = await open("failed", "light", 1280);
    const fill = (kind: string) => page.evaluate(`getComputedStyle(document.querySelector(".bar-${kind}")).fill`);
    expect(await fill("ran")).toMatch(/^rgb/);
    expect(await fill("failed")).toContain("#failed");
    expect(await fill("waited")).toContain("#waited");
    expect(
      await page.evaluate(
        '["failed","died","resuming","unanswered","waited","running"].every((id) => document.querySelector("pattern#" + id))',
      ),
    ).toBe(true);
    await page.close();
  });

  test.each(Object.keys(records))("%s prints on A4, in light colours", async (name) => {
    const { page } = await open(name, "dark", 680);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    expect(/\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/.test(pdf.toString("latin1"))).toBe(true);
    await page.emulateMedia({ media: "print" });
    expect(await background(page)).toBe("rgb(255, 255, 255)");
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(29, 28, 26)");
    expect(await overflow(page)).toBe(0);
    await page.close();
  });
});
