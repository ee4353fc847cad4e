// What happened, step by step. A failed step ends the story: the later ones stand on it.
export class Report {
  #steps = [];

  constructor({ name, client, fault }) {
    Object.assign(this, { client, scenario: name, fault: fault ?? null, node: process.version });
  }

  get passed() {
    return this.#steps.length > 0 && this.#steps.every((step) => step.passed);
  }

  // Runs a step. What it returns goes on to the story; a step fails by throwing.
  async step(name, action) {
    try {
      const result = await action();
      this.#steps.push({ name, passed: true });
      return result;
    } catch (error) {
      this.#steps.push({ name, passed: false, error: describe(error) });
      throw new Ended();
    }
  }

  // Records what went wrong outside any step.
  end(error) {
    if (!(error instanceof Ended)) this.#steps.push({ name: 'outside every step', passed: false, error: describe(error) });
  }

  toJSON() {
    return { ...this, passed: this.passed, steps: this.#steps };
  }
}

class Ended extends Error {}

// The libraries keep what the server said in these members; no token is in any of them.
function describe(error) {
  const members = ['code', 'status', 'error', 'error_description'];
  const told = members.filter((name) => error?.[name]).map((name) => `${name}=${error[name]}`);
  const cause = error?.cause?.message ? [`cause=${error.cause.message}`] : [];
  return [String(error?.message ?? error), ...told, ...cause].join(' · ');
}
