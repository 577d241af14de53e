import { expect, type Page } from '@playwright/test';

/** How far the page can be scrolled sideways. */
export const sideways = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/**
 * The texts that stick out of their box or are cut off by it. What is for screen readers alone is not meant, nor what
 * a control has in it, which scrolls.
 */
export const cutTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const parent = node.parentElement!;
      if (!node.textContent!.trim() || parent.closest('select, textarea, .vh:not(:focus), thead, .skip') || !parent.checkVisibility()) continue;
      let box = parent;
      while (['inline', 'contents'].includes(getComputedStyle(box).display)) box = box.parentElement!;
      const { left, right, top, bottom, width } = box.getBoundingClientRect();
      if (width <= 1) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const clips = getComputedStyle(box).overflowY !== 'visible';
      for (const r of range.getClientRects()) {
        if (r.left < left - 1 || r.right > right + 1 || (clips && (r.top < top - 1 || r.bottom > bottom + 1))) {
          found.push(node.textContent!.trim().slice(0, 60));
          break;
        }
      }
    }
    return found;
  });

/** Asserts that a page fits into windows of phones, tablets and desks, with no text cut off. */
export async function expectToFit(page: Page, what: string): Promise<void> {
  for (const width of [320, 768, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    expect.soft(await sideways(page), `${what} at ${width} px is wider than its window`).toBe(0);
    expect.soft(await cutTexts(page), `${what} at ${width} px cuts texts`).toEqual([]);
  }
}
