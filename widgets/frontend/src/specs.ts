/** Engines with their options and steps as text, as ocr_plugins.spec reads it. */

export interface Step {
  name: string;
  options: Record<string, string>;
}

/** What is tried: only what differs from the defaults. */
export interface Plan {
  engine: string;
  options: Record<string, string>;
  steps: Step[];
}

const escaped = (value: string): string => value.replace(/[\\:,]/g, "\\$&");

export function specOf(plan: Plan): string {
  const steps = plan.steps.map(({ name, options }) => {
    const given = Object.entries(options).map(([key, value]) => `${key}=${value}`);
    return given.length ? `${name}(${given.join(";")})` : name;
  });
  const options = { ...plan.options, ...(steps.length ? { pre: steps.join("+") } : {}) };
  return [plan.engine, ...Object.entries(options).map(([key, value]) => `${key}=${escaped(value)}`)].join(":");
}
