/** What this package uses of the runtime's own module; apps have its types of `wrangler types` or @cloudflare/workers-types. */
declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    protected ctx: unknown
    protected env: Env
    constructor(ctx: unknown, env: Env)
  }
}
