import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { memoryInbox } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { delivery, SECRET } from '../deliveries.ts'
import { temporarySqlite } from '../subjects/postern.ts'
import { benchReceiver, createSender, type Source } from './source.ts'

/** Sends this number of deliveries. */
type Run = (count: number) => Promise<void>

const KB = 1024

/** Prepares each case for a value, such as the number of subscriptions. Returns a function that sends deliveries. */
export const CASES: Readonly<Record<string, (value: number) => Promise<Run>>> = {
  async subscriptions(value) {
    const { source, on } = make({})
    // Half of the subscriptions are exact topics, half are patterns. None of them matches.
    for (let at = 1; at < value; at++) on(at % 2 ? `other.topic${at}` : `other${at}.*`)
    return (count) => source.run(count)
  },
  // `max` equals the number of remembered ids, so that each new id replaces an old one and the number stays constant.
  async remembered(value) {
    const { source } = make({ inbox: memoryInbox({ max: Math.max(1, value) }) })
    await source.run(value + 1)
    return (count) => source.run(count)
  },
  async secrets(value) {
    const others = Array.from(
      { length: value - 1 },
      (_, at) => `another secret of this length ${at}`,
    )
    const { source } = make({ secret: [...others, SECRET] })
    return (count) => source.run(count)
  },
  async hmacs(value) {
    const { body } = delivery('github', KB)
    const key = createSecretKey(Buffer.from(SECRET))
    const given = createHmac('sha256', key).update(body).digest()
    return async (count) => {
      for (let at = 0; at < count * value; at++)
        timingSafeEqual(createHmac('sha256', key).update(body).digest(), given)
    }
  },
  pending: (value) =>
    pending(value, memoryInbox({ maxPending: 1_000_000, maxWaitingBytes: 4 * 2 ** 30 })),
  pendingSqlite: (value) => pending(value, temporarySqlite()),
  async body(value) {
    const { source } = make({ bytes: value * KB })
    // All deliveries of a batch wait at the same time, so large bodies need smaller batches.
    const width = Math.max(1, Math.min(64, Math.floor((16 * KB) / value)))
    return (count) => source.run(count, width)
  },
  async floor(value) {
    const { body } = delivery('github', value * KB)
    const key = createSecretKey(Buffer.from(SECRET))
    const given = createHmac('sha256', key).update(body).digest()
    return async (count) => {
      for (let at = 0; at < count; at++) {
        timingSafeEqual(createHmac('sha256', key).update(body).digest(), given)
        JSON.parse(body.toString())
      }
    }
  },
}

/**
 * Prepares `value` tasks that wait behind a handler that never ends. Another handler handles the measured deliveries.
 */
async function pending(value: number, inbox: Inbox): Promise<Run> {
  const { receiver, source, on } = make({ inbox })
  on('discussion', () => new Promise(() => {}))
  const headers = { 'x-github-event': 'discussion' }
  await createSender({ receiver, headers }).run(value)
  return (count) => source.run(count)
}

interface Made {
  readonly receiver: Parameters<typeof createSender>[0]['receiver']
  readonly source: Source
  readonly on: (pattern: string, handler?: () => unknown) => void
}

function make(options: {
  readonly secret?: readonly string[]
  readonly inbox?: Inbox
  readonly bytes?: number
}): Made {
  const { secret = [SECRET], inbox = memoryInbox(), bytes = KB } = options
  let handled = 0
  const receiver = benchReceiver({ provider: github({ secret: [...secret] }), inbox })
  receiver.on('issues', () => void handled++)
  return {
    receiver,
    source: createSender({ receiver, bytes, handled: () => handled }),
    on: (pattern, handler = () => {}) => void receiver.on(pattern, handler),
  }
}
