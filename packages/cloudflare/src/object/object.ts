import { DurableObject } from 'cloudflare:workers'
import type { Accepted, Intake, Port } from '@postern/core/engine'
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
import { createDueWork } from './due.ts'
import { sharedJournal } from './journal.ts'

/** A Durable Object with an inbox. The Worker's `durableObjectInbox` calls it; apps have nothing to call. */
export interface WebhookObject {
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>>
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
 * runs what is due later. Extend and export it; its constructor may make tables of your own next to those with the prefix
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

// The alarm rings in any case.
const AGAIN = (): void => {}

// Whoever has the binding names it: no other member of the inbox, nor of Object, can be asked.
const PARTS: readonly WirePart[] = ['view', 'records', 'journal']

/** What the object does, apart from its class. */
interface ObjectHost {
  /** Before the first call. */
  start(): Promise<void>
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Accepted[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
  alarm(): Promise<void>
}

/** Opens the inbox of an object and makes the receivers whose handlers run there. */
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
      // Contents are erased by the alarm.
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
      // An alarm that rings for a row of the journal costs as many rows as the event.
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

  /** `catchUp` in the Worker would take up events again that are forgotten here. */
  function checkWindow(window: number): void {
    if (window > inbox.dedupeWindow)
      throw new TypeError(
        `${INBOX}: dedupeWindow is ${hours(window)} hours in the Worker, but ids are known for ${hours(inbox.dedupeWindow)} hours in the Durable Object; give worker() or durableObjectInbox() the dedupeWindow of durableObject()`,
      )
  }

  /** An error reaches the other side as its parts: it would lose its class on the way. */
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

/** Tasks run without `work`; ports are kept for what comes from Workers. */
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
