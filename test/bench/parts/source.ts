import {
  createReceiver,
  memoryInbox,
  type Receiver,
  type ReceiverOptions,
  type Reply,
} from '@postern/core'
import { github } from '@postern/providers/github'
import { delivery, ID_HEADERS, SECRET, type Sender } from '../deliveries.ts'
import { createIds } from '../ids.ts'

/** Passes deliveries with unique ids to a receiver, without HTTP. */
export interface Source {
  /** Passes `count` deliveries, `width` at a time. @default 64 */
  run(count: number, width?: number): Promise<void>
}

const nextId = createIds()

/** Creates a GitHub receiver with default options, except the log, which would appear in the page. */
export function benchReceiver(options: Partial<ReceiverOptions> = {}): Receiver {
  return createReceiver({
    provider: github({ secret: SECRET }),
    log: false,
    ...options,
  }) as Receiver
}

export function handledSource(
  options: Partial<ReceiverOptions> = {},
  deliveries: Pick<SourceOptions, 'sender' | 'bytes'> = {},
): Source {
  let count = 0
  const receiver = benchReceiver({ inbox: memoryInbox(), ...options })
  receiver.onAny(() => void count++)
  return createSender({ receiver, ...deliveries, handled: () => count })
}

export interface SourceOptions {
  readonly receiver: Pick<Receiver, 'receive'>
  /** @default 'github' */
  readonly sender?: Sender
  /** @default 1024 */
  readonly bytes?: number
  /**
   * Number of events handled so far. If set, each batch waits until the handlers of the previous batch have ended.
   * @default none
   */
  readonly handled?: () => number
  /** Headers that replace those of the provider. @default none */
  readonly headers?: Readonly<Record<string, string>>
}

/** Creates a source. Its `run` throws if the receiver replies with another status than 200. */
export function createSender(options: SourceOptions): Source {
  const { receiver, sender = 'github', bytes = 1024, handled } = options
  const { headers, body } = delivery(sender, bytes)
  const record = { ...headers, ...options.headers }
  const idHeader = ID_HEADERS[sender]!
  return {
    async run(count, width = 64) {
      let due = handled?.() ?? 0
      for (let left = count; left > 0; left -= width) {
        const batch = Math.min(width, left)
        due += batch
        if (batch === 1) check(await one())
        else for (const reply of await Promise.all(Array.from({ length: batch }, one))) check(reply)
        while (handled !== undefined && handled() < due) await new Promise(setImmediate)
      }
    },
  }

  function one(): Promise<Reply> {
    const lines = new RecordLines(record, idHeader, nextId())
    return receiver.receive({ url: 'http://localhost/hook', headers: lines, body })
  }
}

function check(reply: Reply): void {
  if (reply.status !== 200) throw new Error(`answered ${reply.status}: ${String(reply.body)}`)
}

/**
 * Headers as node:http hosts pass them: backed by an existing record. All deliveries share one record here, except for
 * the id.
 */
class RecordLines {
  readonly #record: Readonly<Record<string, string>>
  readonly #idHeader: string
  readonly #id: string

  constructor(record: Readonly<Record<string, string>>, idHeader: string, id: string) {
    this.#record = record
    this.#idHeader = idHeader
    this.#id = id
  }

  get(name: string): string | undefined {
    return name === this.#idHeader ? this.#id : this.#record[name]
  }

  all(name: string): readonly string[] {
    const value = this.get(name)
    return value === undefined ? [] : [value]
  }

  lines(): Iterable<readonly [string, string]> {
    return Object.entries({ ...this.#record, [this.#idHeader]: this.#id })
  }
}
