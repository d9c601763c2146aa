import { DurableObject } from 'cloudflare:workers'
import type { Taken } from '@postern/core/inbox'
import type { Receivers } from '../receivers.ts'
import type { ObjectState } from '../runtime.ts'
import { checkSettings, type DurableObjectOptions } from '../settings.ts'
import type { WireAnswer, WirePart, WireIntake } from '../wire.ts'
import { createHost, type ObjectHost } from './host.ts'

/** A Durable Object with an inbox. The Worker's `durableObjectInbox` calls it; apps have nothing to call. */
export interface WebhookObject {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Taken[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
  alarm(): Promise<void>
}

/** Its class, to be extended and exported. */
export type WebhookObjectClass<Env> = new (
  ctx: ObjectState,
  env: Env,
) => DurableObject<Env> & WebhookObject

/**
 * Makes the class of a Durable Object that stores events in its SQLite and runs the handlers behind the reply; its alarm
 * runs what is due later. Extend and export it; its constructor may make tables of your own beside those with the prefix
 * `postern_`, for `task.commit`. Do not set its alarm: the object has one. Wrong options throw a `TypeError`.
 *
 * @example
 * export class Webhooks extends durableObject(receivers) {}
 */
export function durableObject<Env>(
  receivers: Receivers<Env>,
  options: DurableObjectOptions = {},
): WebhookObjectClass<Env> {
  const settings = checkSettings(options)
  if (typeof receivers !== 'function')
    throw new TypeError(
      `durableObject: receivers must be a function (env, inbox) => ({ '/path': receiver }), got ${typeof receivers}`,
    )

  return class PosternObject extends DurableObject<Env> implements WebhookObject {
    readonly #host: ObjectHost

    constructor(ctx: ObjectState, env: Env) {
      super(ctx, env)
      this.#host = createHost(ctx, (inbox) => receivers(env, inbox), settings)
      void ctx.blockConcurrencyWhile(() => this.#host.start())
    }

    accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Taken[]>> {
      return this.#host.accept(receiver, intake)
    }

    ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>> {
      return this.#host.ask(part, method, args)
    }

    alarm(): Promise<void> {
      return this.#host.alarm()
    }
  }
}
