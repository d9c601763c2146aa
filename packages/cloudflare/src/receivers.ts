import type { CommitWrite, Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { SqlStorage } from './runtime.ts'

/** An inbox in a Durable Object: `task.commit` gets `ctx.storage.sql`. */
export type ObjectInbox = Inbox<CommitWrite<SqlStorage>>

/**
 * Makes the receivers of an app, each under the path at which it is mounted. It runs in the Worker, which verifies, and in
 * the Durable Object, which runs the handlers: leave `work` out, and keep state in neither.
 *
 * @example
 * const receivers: Receivers<Env> = (env, inbox) => ({
 *   '/webhooks/github': createReceiver({ provider: github({ secret: env.GITHUB_SECRET }), inbox }).on('push', deploy),
 * })
 */
export type Receivers<Env> = (
  env: Env,
  inbox: ObjectInbox,
) => Readonly<Record<string, Receiver<any, any>>>
