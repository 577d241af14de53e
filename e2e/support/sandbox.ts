import type { Demo } from './portal.ts';

/** One call of Maia's API, as the sandbox saw it. It never holds a secret value. */
export type Call = {
  method: string;
  path: string;
  query: string;
  username: string;
  status: number;
  request?: Record<string, unknown>;
};

/** What arrived at the sandbox's Maia. */
export class Sandbox {
  readonly origin: string;
  readonly #demo: Demo;

  constructor(demo: Demo) {
    this.#demo = demo;
    this.origin = new URL(demo.maiaUrl).origin;
  }

  /** The id of the first agent of a type; the first ones work for every project. */
  agent(agentType: 'AWS' | 'Azure' | 'Matillion hosted'): string {
    return this.#demo.agents.find((a) => a.agentType === agentType)!.id;
  }

  project(index = 0): string {
    return this.#demo.projects[index].id;
  }

  /** The bytes that an agent decrypted and keeps in its vault. */
  vault(agentId: string, name: string): Promise<Buffer> {
    return this.#bytes(`/sandbox/agents/${agentId}/vault/${encodeURIComponent(name)}`);
  }

  /** The bytes of a reference's value in the vault that Matillion hosts. */
  hosted(projectId: string, referenceName: string): Promise<Buffer> {
    return this.#bytes(`/sandbox/projects/${projectId}/hosted/${encodeURIComponent(referenceName)}`);
  }

  /** The calls that were to create something, oldest first. */
  async writes(): Promise<Call[]> {
    return (await this.#calls()).filter((call) => call.method !== 'GET');
  }

  /** The calls that only asked, oldest first. */
  async reads(): Promise<Call[]> {
    return (await this.#calls()).filter((call) => call.method === 'GET');
  }

  /** Makes the lists answer in one of the ways that the sandbox's page has. */
  async switchLists(to: string): Promise<void> {
    const answer = await fetch(`${this.origin}/sandbox/lists`, { method: 'POST', body: new URLSearchParams({ lists: to }) });
    if (!answer.ok) throw new Error(`the lists cannot be switched to ${to}: ${answer.status}`);
  }

  async #calls(): Promise<Call[]> {
    return JSON.parse((await this.#bytes('/sandbox/calls')).toString());
  }

  async #bytes(path: string): Promise<Buffer> {
    const answer = await fetch(this.origin + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }
}
