// A receiver with the inbox in memory, in a process of its own. The argument is its `dedupe` option. Takes a number of events
// for each message and answers with the memory of the process.
import { handledSource } from './source.ts'

/** Bytes, after the events and, of resident memory, the most there was at any time. */
export interface MemoryUse {
  readonly rss: number
  readonly mostRss: number
  readonly heapUsed: number
  readonly heapTotal: number
  readonly external: number
}

let mostRss = 0
const source = handledSource({ dedupe: process.argv[2] === 'none' ? 'none' : 'id' })
process.on('message', (count: number) => {
  void take(count).then((use) => process.send!(use))
})
process.on('disconnect', () => process.exit())
process.send!('ready')

async function take(count: number): Promise<MemoryUse> {
  for (let left = count; left > 0; left -= 1000) {
    await source.run(Math.min(1000, left))
    mostRss = Math.max(mostRss, process.memoryUsage.rss())
  }
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  return { rss, mostRss, heapUsed, heapTotal, external }
}
