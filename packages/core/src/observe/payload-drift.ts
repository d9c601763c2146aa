import { isPromise } from '../basics/maybe.ts'
import { checkObject, unknownOptions } from '../basics/unknown-options.ts'
import type { WebhookEvent } from '../event.ts'
import type { Observer } from '../observer.ts'
import {
  validatorOf,
  issuePath,
  type SchemaResult,
  type StandardSchema,
} from '../subscribe/subscription.ts'
import { createTopicTable } from '../subscribe/topics.ts'

/** A change that {@link payloadDrift} reports. Except for `message`, it contains no payload, only names of members. */
export interface PayloadDrift {
  readonly receiver: string
  readonly topic: string
  /** Place in the payload, such as `items.0.price`; empty for the payload itself. */
  readonly path: string
  /** `differs`: payloads of this topic no longer match the schema at `path`. `matches`: they match again. */
  readonly now: 'differs' | 'matches'
  /**
   * Message of the schema; empty for `matches`. Some libraries quote the value, so treat the message like a payload.
   */
  readonly message: string
}

/** Options of {@link payloadDrift}. */
export interface PayloadDriftOptions {
  /**
   * Schemas by topic or pattern, such as `invoice.*`. A schema is from zod, valibot, arktype or any other Standard
   * Schema library.
   */
  readonly schemas: Readonly<Record<string, StandardSchema>>
  /** Called with each change between matching and differing. */
  readonly onChange: (drift: PayloadDrift) => void
  /** Number of payloads in a row that must match at a path until `matches` is reported. @default 100 */
  readonly stableAfter?: number
}

// Maximum number of remembered differences: paths may contain keys that senders choose.
const MOST = 1000

/**
 * Creates an observer that reports when payloads stop matching a schema. Handlers still run, with the payload as it
 * arrived; to reject such payloads, pass `schema` to `on()`. Each difference is reported once per topic and path, and
 * again when it is over. Only the first attempt of each task is checked. At most 1,000 differences are remembered.
 *
 * @throws TypeError if an option is wrong or unknown.
 *
 * @example
 * const receiver = createReceiver({
 *   provider,
 *   observers: [payloadDrift({ schemas: { 'invoice.*': Invoice }, onChange: (drift) => log.warn(drift, 'payload drifts') })],
 * })
 */
export function payloadDrift(options: PayloadDriftOptions): Observer {
  checkObject('payloadDrift: options', options)
  unknownOptions('payloadDrift', options, ['schemas', 'onChange', 'stableAfter'])
  const { schemas, onChange, stableAfter = 100 } = options
  if (typeof onChange !== 'function')
    throw new TypeError(`payloadDrift: onChange must be a function, got ${typeof onChange}`)
  if (!Number.isInteger(stableAfter) || stableAfter < 1)
    throw new TypeError(
      `payloadDrift: stableAfter must be a whole number above 0, got ${stableAfter}`,
    )
  checkObject('payloadDrift: schemas', schemas)
  const table = createTopicTable<StandardSchema>()
  for (const [pattern, schema] of Object.entries(schemas ?? {})) {
    if (typeof validatorOf(schema) !== 'function')
      throw new TypeError(
        `payloadDrift: schemas["${pattern}"] must be a Standard Schema, as of zod, valibot or arktype`,
      )
    table.add([pattern], schema)
  }
  if (table.size === 0)
    throw new TypeError("payloadDrift: schemas must hold one or more, as { 'invoice.*': schema }")
  /**
   * Number of payloads in a row that matched since the last difference. The outer key is receiver and topic, the inner
   * key the path.
   */
  const differing = new Map<string, Map<string, number>>()

  return {
    around(event, task, next) {
      if (task.attempt === 1) look(event)
      return next()
    },
  }

  function look(event: WebhookEvent): void {
    for (const schema of table.match(event.topic)) {
      const found = schema['~standard'].validate(event.payload)
      if (isPromise(found))
        found.then(
          (result) => compare(event, result),
          () => undefined,
        )
      else compare(event, found)
    }
  }

  function compare({ receiver, topic }: WebhookEvent, { issues }: SchemaResult<unknown>): void {
    const name = JSON.stringify([receiver, topic])
    const known = differing.get(name) ?? new Map<string, number>()
    const now = new Map((issues ?? []).map((issue) => [issuePath(issue), issue.message]))
    for (const [path, message] of now) {
      if (!known.has(path)) {
        if (remembered() >= MOST) continue
        onChange({ receiver, topic, path, now: 'differs', message })
      }
      known.set(path, 0)
      differing.set(name, known)
    }
    for (const [path, matched] of known) {
      if (now.has(path)) continue
      known.set(path, matched + 1)
      if (matched + 1 < stableAfter) continue
      known.delete(path)
      onChange({ receiver, topic, path, now: 'matches', message: '' })
    }
    if (known.size === 0) differing.delete(name)
  }

  function remembered(): number {
    let count = 0
    for (const paths of differing.values()) count += paths.size
    return count
  }
}
