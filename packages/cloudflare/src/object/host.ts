import type { Receiver } from '@postern/core'
import type { Intake, Port, Taken } from '@postern/core/inbox'
import type { ObjectInbox } from '../receivers.ts'
import type { ObjectState } from '../runtime.ts'
import { INBOX, type ObjectSettings } from '../settings.ts'
import { fromWire, thrownOf, type WireAnswer, type WirePart, type WireIntake } from '../wire.ts'
import { createObjectAlarm } from './alarm.ts'
import { openInbox } from './inbox.ts'
import { createDueWork } from './due.ts'
import { sharedJournal } from './journal.ts'

// The alarm rings in any case.
const AGAIN = (): void => {}

// Whoever has the binding names it: no other member of the inbox, nor of Object, can be asked.
const PARTS: readonly WirePart[] = ['view', 'records', 'journal']

/** What the object does, apart from its class. */
export interface ObjectHost {
  /** Before the first call. */
  start(): Promise<void>
  accept(receiver: string, intake: WireIntake): Promise<WireAnswer<readonly Taken[]>>
  ask(part: WirePart, method: string, args: readonly unknown[]): Promise<WireAnswer<unknown>>
  alarm(): Promise<void>
}

/** Opens the inbox of an object and makes the receivers whose handlers run there. */
export function createHost(
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
        checkWindow(wire.window)
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
    if (window > inbox.window)
      throw new TypeError(
        `${INBOX}: the Worker takes ids to be known for ${hours(window)} hours, and the Durable Object knows them for ${hours(inbox.window)}: give worker() or durableObjectInbox() the window of durableObject()`,
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
    work: 'drain',
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
