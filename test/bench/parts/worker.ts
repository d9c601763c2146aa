// Runs the waiting tasks of one schema or database, each for 10 ms. The first message starts the worker. Each message
// is answered with what has run so far. Arguments: the URL, the schema or database, and the inbox.
import { setTimeout as sleep } from 'node:timers/promises'
import { durables, openDurable, type DurableName } from '../../services/inboxes.ts'
import { benchReceiver } from './source.ts'

export interface Worked {
  readonly ran: readonly string[]
  /** When the last task was settled, in milliseconds since 1970. */
  readonly last: number
  readonly done: number
}

const [url = '', place = '', name = 'postgres'] = process.argv.slice(2)
const inbox = await openDurable(name as DurableName, url, {
  ...durables[name as DurableName].own(place),
  lease: '30s',
})
const ran: string[] = []
let done = 0
let last = 0
const receiver = benchReceiver({
  inbox,
  worker: 'onDemand',
  observers: [
    {
      done() {
        done++
        last = performance.timeOrigin + performance.now()
      },
    },
  ],
})
receiver.on('issues', { concurrency: 20 }, async ({ id }) => {
  ran.push(id!)
  await sleep(10)
})
// Opens connections and creates tables before the measurement.
await receiver.runDue()

let working: Promise<void> | undefined
process.on('message', () => {
  working ??= receiver.startWorker()
  process.send!({ ran, last, done } satisfies Worked)
})
process.on('disconnect', () => process.exit())
process.send!('ready')
