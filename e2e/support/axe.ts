import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import type { AxeResults, RunOptions } from 'axe-core';

const { source } = createRequire(import.meta.url)('axe-core') as { source: string };

// What axe does with colours. All other rules go by elements, attributes, boxes and what is visible.
const ofColours = ['color-contrast', 'link-in-text-block'];

/** What axe finds on a page, in words that a failed test can show. */
export class Axe {
  readonly #page: Page;

  /** Puts axe into a page, once: it is large. */
  static async into(page: Page): Promise<Axe> {
    await page.evaluate(source);
    return new Axe(page);
  }

  private constructor(page: Page) {
    this.#page = page;
  }

  /** By all rules. */
  violations(): Promise<string[]> {
    return this.#run({ rules: { 'target-size': { enabled: true } } });
  }

  /** By the rules about colours alone: the others find the same where elements have the same outline. */
  violationsOfColours(): Promise<string[]> {
    return this.#run({ runOnly: ofColours });
  }

  /** Every element's box, and what else decides whether and where it is seen, whatever its colours. */
  outline(): Promise<string[]> {
    return this.#page.evaluate(() => [...document.querySelectorAll('*')].map((e) => {
      const { x, y, width, height } = e.getBoundingClientRect();
      const { display, visibility, opacity, position, overflow, clipPath, pointerEvents, zIndex, fontSize, fontWeight, fontStyle } = getComputedStyle(e);
      return [e.localName, x, y, width, height, display, visibility, opacity, position, overflow, clipPath, pointerEvents, zIndex, fontSize, fontWeight, fontStyle].join(' ');
    }));
  }

  async #run(options: RunOptions): Promise<string[]> {
    const found = await this.#page.evaluate(
      (o) => (window as unknown as { axe: { run: (o: RunOptions) => Promise<AxeResults> } }).axe.run(o),
      { ...options, resultTypes: ['violations'] } satisfies RunOptions,
    );
    return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help}: ${n.target.join(' ')}: ${n.failureSummary}`));
  }
}
