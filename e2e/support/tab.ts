/**
 * The one tab of a browser that Playwright cannot drive. The tests in engines/ are written against this,
 * so that they are the same for every engine. Elements are named by CSS selectors; the first one counts.
 */
export interface Tab {
  goto(address: string): Promise<void>;
  /** Presses Back. Whoever calls waits for what has to be there then. */
  back(): Promise<void>;
  click(selector: string): Promise<void>;
  /** Types at the end of what is in a field, key by key. */
  type(selector: string, text: string): Promise<void>;
  /**
   * Runs a function in the page, for what only the page can tell: the portal's policy binds pages, not drivers.
   * It may run twice, where the first answer got lost.
   */
  run<A extends unknown[], R>(inPage: (...args: A) => R, ...args: A): Promise<R>;
}

/** A browser that was started for the tests, with a profile of its own. */
export type Running = { tab: Tab; stop(): Promise<void> };
