import { DurableObject } from 'cloudflare:workers'
import type { Accepted, Intake, Port, RunDueResult } from '@postern/core/engine'
import { errorText } from '@postern/core/internal'
import {
  type Receivers,
  type ObjectInbox,
  checkSettings,
  type DurableObjectOptions,
  INBOX,
  type ObjectSettings,
  type ObjectState,
  type WireAnswer,
  type WirePart,
  type WireIntake,
  fromWire,
  thrownOf,
} from '../remote.ts'
import type { Receiver } from '@postern/core'
import { createObjectAlarm } from './alarm.ts'
import { openInbox } from './inbox.ts'
import { sharedJournal } from './journal.ts'

/** A Durable Object with an inbox. Only `durableObjectInbox` in the Worker calls its methods. */
export interface WebhookObject {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
  alarm(): Promise<void>
}

/** The class of the Durable Object. Extend and export it. */
export type WebhookObjectClass<Env> = new (
  ctx: ObjectState,
  env: Env,
) => DurableObject<Env> & WebhookObject

/**
 * Creates the class of a Durable Object that stores events in its SQLite and runs the handlers after the reply. The
 * alarm of the object runs tasks that are due later. Extend and export the class. Its constructor may create your own
 * tables for `task.commit`; the prefix `postern_` is reserved. Do not set an alarm yourself: an object has only one.
 *
 * @throws {TypeError} if an option is wrong.
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

    accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>> {
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

// Errors are ignored: the alarm runs the tasks again.
const AGAIN = (): void => {}

// Parts of the inbox that a caller may use. The caller sends the name, so no other member of the inbox or of Object is
// allowed.
const PARTS: readonly WirePart[] = ['view', 'records', 'journal']

/** Implements the methods of a {@link WebhookObject}, and starts the alarm. */
interface ObjectHost extends WebhookObject {
  start(): Promise<void>
}

function createHost(
  ctx: ObjectState,
  make: (inbox: ObjectInbox) => Readonly<Record<string, Receiver>>,
  settings: ObjectSettings,
): ObjectHost {
  const alarm = createObjectAlarm(ctx.storage)
  const ports = new Map<string, Port>()
  const inbox = withoutWork(openInbox(ctx, settings, alarm), ports)
  const receivers = Object.values(make(inbox))
  const runDue = createDueWork(receivers, settings)
  let accepted = 0

  return {
    async start() {
      if ((await alarm.read()) && (await waits(inbox))) await alarm.now()
    },
    async accept(receiver, wire) {
      const port = ports.get(receiver)
      let intake: Intake
      try {
        intake = fromWire(wire)
      } catch (error) {
        return { thrown: thrownOf(error) }
      }
      // An event with `passing` loses its contents after its tasks have run. Only the alarm erases contents, so the
      // alarm also runs these tasks.
      const passing = intake.items.some(({ event }) => event.passing)
      const end = passing ? undefined : port?.burst?.(settings.batch)
      const answer = await touching(end ? 'runs' : 'tasks', async () => {
        if (!port)
          throw new TypeError(
            `${INBOX}: the Durable Object has no receiver named ${receiver}: give durableObject() and worker() the same function`,
          )
        checkWindow(wire.dedupeWindow)
        return port.accept(intake, {})
      })
      if (end) void end().then((ended) => ended && alarm.over(ended.next), AGAIN)
      return answer
    },
    ask: (part, method, args) =>
      // A call of the journal sets no alarm, since an alarm for a journal row would cost as many rows as an event.
      touching(part === 'view' ? 'tasks' : 'nothing', async () => {
        if (!PARTS.includes(part))
          throw new TypeError(`${INBOX}: part must be one of ${PARTS.join(', ')}`)
        const members = inbox[part] as unknown as Readonly<
          Record<string, (...given: readonly unknown[]) => unknown>
        >
        if (!Object.hasOwn(members, method))
          throw new TypeError(`${INBOX}: ${part} of this version has no ${method}`)
        return members[method]!(...args)
      }),
    alarm: () => alarm.rings(() => runDue(() => accepted)),
  }

  /**
   * Throws if the Worker's deduplication window is longer than the object's. `catchUp` in the Worker would fetch events
   * whose ids the object has forgotten.
   */
  function checkWindow(window: number): void {
    if (window > inbox.dedupeWindow)
      throw new TypeError(
        `${INBOX}: dedupeWindow is ${hours(window)} hours in the Worker, but ${hours(inbox.dedupeWindow)} hours in the Durable Object; give worker() or durableObjectInbox() the dedupeWindow of durableObject()`,
      )
  }

  /** Runs a call, and returns its error as parts, since RPC drops the class of an error. */
  async function touching<T>(
    makes: 'tasks' | 'runs' | 'nothing',
    work: () => Promise<T>,
  ): Promise<WireAnswer<T>> {
    const over = alarm.touched(makes)
    if (makes !== 'nothing') accepted++
    try {
      return { value: await work() }
    } catch (error) {
      return { thrown: thrownOf(error) }
    } finally {
      over()
    }
  }
}

function hours(ms: number): number {
  return Math.round(ms / 360_000) / 10
}

/** Returns the inbox without `work`, since the alarm runs tasks. Also collects the ports for calls from Workers. */
function withoutWork(inbox: ObjectInbox, ports: Map<string, Port>): ObjectInbox {
  return {
    ...inbox,
    journal: sharedJournal(inbox.journal!),
    worker: 'onDemand',
    attach(consumer) {
      const port: Port = { ...inbox.attach(consumer) }
      delete port.work
      ports.set(consumer.receiver, port)
      return port
    },
  }
}

async function waits({ view }: ObjectInbox): Promise<boolean> {
  const stats = await view!.stats()
  return stats.some(({ counts }) => counts.pending + counts.running > 0)
}

// Milliseconds until the next try if a due task cannot run now. For example, a suspect (a task with repeated
// interruptions) waits for another suspect. An immediate retry would loop.
const REST = 1000
// Milliseconds until the next try after the storage failed.
const RETRY = 10_000

/**
 * Creates the work of the alarm. The work runs due tasks within the limits of one invocation. It returns the time of
 * the next task in milliseconds since 1970, and never rejects. `calls` returns the number of calls so far that may have
 * stored tasks.
 */
function createDueWork(
  receivers: readonly Receiver[],
  { batch, time }: Pick<ObjectSettings, 'batch' | 'time'>,
): (calls: () => number) => Promise<number | undefined> {
  return async (calls) => {
    const until = performance.now() + time
    let left = batch
    for (;;) {
      const before = calls()
      const all = await Promise.all(receivers.map((receiver) => drained(receiver, until, left)))
      const ran = all.reduce((sum, one) => sum + (one?.ran ?? 0), 0)
      left -= ran
      const more = calls() !== before || (ran > 0 && all.some((one) => (one?.left ?? 0) > 0))
      // A concurrent call may have stored tasks after the last read.
      if (more && left > 0 && performance.now() < until && !all.includes(undefined)) continue
      return more ? Date.now() : nextOf(all)
    }
  }
}

/** Runs due tasks of a receiver. Returns undefined if the storage failed. */
async function drained(
  receiver: Receiver,
  until: number,
  max: number,
): Promise<RunDueResult | undefined> {
  try {
    return await receiver.runDue({ deadline: Math.max(1, until - performance.now()), max })
  } catch (error) {
    receiver.observer.warning?.(receiver.name, `tasks could not be run: ${errorText(error)}`)
    return undefined
  }
}

function nextOf(all: readonly (RunDueResult | undefined)[]): number | undefined {
  const now = Date.now()
  const times = all.flatMap((one) =>
    one
      ? one.next === undefined
        ? []
        : Math.max(one.next, one.left > 0 ? now + REST : now)
      : now + RETRY,
  )
  return times.length === 0 ? undefined : Math.min(...times)
}
