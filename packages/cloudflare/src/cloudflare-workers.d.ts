/**
 * The part of the runtime's module that this package uses. Apps have its types from `wrangler types` or
 * @cloudflare/workers-types.
 */
declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    protected ctx: unknown
    protected env: Env
    constructor(ctx: unknown, env: Env)
  }
}
