// The parts of the peers' interfaces that the benchmark uses. The packages are installed by `npm run bench:engine` only.
declare module 'json-rules-engine' {
  interface RuleSource {
    readonly conditions: object;
    readonly event: { readonly type: string; readonly params: unknown };
  }
  export class Engine {
    constructor(rules: readonly RuleSource[]);
    run(facts: object): Promise<{ readonly events: readonly { readonly params?: unknown }[] }>;
  }
}

declare module '@gorules/zen-engine' {
  export class ZenEngine {
    createDecision(content: object): { evaluate(context: object): Promise<{ readonly result: unknown }> };
  }
}

declare module 'json-logic-engine' {
  export class LogicEngine {
    build(logic: unknown): (data: object) => unknown;
  }
}
