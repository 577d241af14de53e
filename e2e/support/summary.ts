import type { FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter';

// What ran, and what was skipped and why: a skipped test looks like one that passed otherwise.
export default class Summary implements Reporter {
  private tests: TestCase[] = [];

  onBegin(_config: unknown, suite: Suite): void {
    this.tests = suite.allTests();
  }

  onEnd(_result: FullResult): void {
    const count = (outcome: string): number => this.tests.filter((t) => t.outcome() === outcome).length;
    const skipped = this.tests.filter((t) => t.outcome() === 'skipped');
    for (const test of skipped) {
      const reason = test.annotations.find((a) => a.type === 'skip' || a.type === 'fixme')?.description;
      console.log(`skipped: ${test.titlePath().filter(Boolean).join(' › ')}: ${reason ?? 'not run'}`);
    }
    console.log(`browser tests: ${count('expected')} passed, ${count('unexpected')} failed, ${skipped.length} skipped`);
  }

  printsToStdio(): boolean {
    return false; // the list is printed as well
  }
}
