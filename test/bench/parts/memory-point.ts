// A receiver with the inbox in memory, in its own process. The argument is its `dedupe` option. Each message is a
// number of events. The answer is the memory use after them.
import { handledSource } from './source.ts'

/** Memory use in bytes after the events. `mostRss` is the highest resident memory so far. */
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
