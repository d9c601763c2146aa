/**
 * The part of the module `cloudflare:workers` that this package uses. Apps have its full types from `wrangler types` or
 * @cloudflare/workers-types.
 */
declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    protected ctx: unknown
    protected env: Env
    constructor(ctx: unknown, env: Env)
  }
}
