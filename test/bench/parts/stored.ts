import type { ReceiverOptions } from '@postern/core'
import type { Consumer, Intake, Port } from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import { cpuOf } from '../../services/figures.ts'
import { benchReceiver, createSender } from './source.ts'

export const WIDTH = 64

/** Measures storing `batches` batches. Returns the CPU microseconds per event and the events per second. */
export async function measure(
  one: { store(): Promise<void> },
  batches: number,
): Promise<{ micros: number; rate: number }> {
  const started = performance.now()
  const cpu = await cpuOf(async () => {
    for (let batch = 0; batch < batches; batch++) await one.store()
  })
  const seconds = (performance.now() - started) / 1000
  const events = batches * WIDTH
  return { micros: cpu / events, rate: events / seconds }
}

/** Collects prepared events instead of storing them, so that only storing is measured afterwards. */
export function prepared(
  inbox: Inbox,
  options: Pick<ReceiverOptions, 'tenantKey'> = {},
): {
  readonly fill: (batches: number) => Promise<void>
  readonly take: () => Promise<void>
} {
  const waiting: Intake[] = []
  const port = Promise.withResolvers<Port>()
  const catcher: Inbox = {
    ...inbox,
    attach(consumer: Consumer): Port {
      port.resolve(inbox.attach(consumer))
      return {
        accept(intake) {
          waiting.push(intake)
          return intake.items.map(() => 'new')
        },
        work() {},
        drain: async () => ({
          ran: 0,
          done: 0,
          retried: 0,
          dead: 0,
          postponed: 0,
          left: 0,
          next: undefined,
        }),
        close: async () => {},
      }
    },
  }
  const receiver = benchReceiver({ inbox: catcher, ...options })
  receiver.on('issues', () => {})
  const source = createSender({ receiver })
  return {
    fill: (batches) => source.run(batches * WIDTH),
    async take() {
      const batch = waiting.splice(0, WIDTH)
      const to = await port.promise
      await Promise.all(batch.map(async (intake) => to.accept(intake, {})))
    },
  }
}
