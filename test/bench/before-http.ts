// `node test/bench/before-http.ts <worktree>`: what a delivery over HTTP costs the server of this tree, beside the server of another
// worktree (of the commit before a change; installed there) and the hand-written one, in interleaved rounds. Options:
//   --subject <name>  a subject of both trees, node-postern without it; may be given again
//   --bytes <n>       size of the body, 1024 and 8192 without it; may be given again
//   --processes <n>   processes of each server, one after another, since one may compile or collect in a way of its own; 4 without it
//   --rounds <n>      rounds of each process, 8 without it
//   --time <ms>       of each server in each round, 400 without it
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startChild } from './child.ts'
import { delivery, ID_HEADERS } from './deliveries.ts'
import type { ServerUse } from './http/messages.ts'
import { startLoader } from './http/processes.ts'
import { median, quantile } from './statistics.ts'

const { values, positionals } = parseArgs({
  options: {
    subject: { type: 'string', multiple: true, default: ['node-postern'] },
    bytes: { type: 'string', multiple: true, default: ['1024', '8192'] },
    processes: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '8' },
    time: { type: 'string', default: '400' },
  },
  allowPositionals: true,
})
const before = positionals[0]
if (before === undefined) throw new TypeError('before-http: name the worktree to compare with')
const here = resolve(import.meta.dirname, '../..')
const loader = await startLoader()

/** A server, and what a request cost it in each round. */
interface Served {
  round(bytes: number, time: number): Promise<number>
  stop(): Promise<void>
}

async function serve(tree: string, subject: string): Promise<Served> {
  const child = startChild(join(resolve(tree), 'test/bench/http/server.ts'), {
    args: [subject],
    core: 0,
  })
  const { port } = (await child.ask()) as { port: number }
  const use = async (): Promise<ServerUse> => (await child.ask('cpu')) as ServerUse
  return {
    async round(bytes, time) {
      const start = await use()
      const { requests, rejected } = await loader.run({
        port,
        path: '/hook',
        ...delivery('github', bytes),
        idHeader: ID_HEADERS.github,
        connections: 64,
        time,
      })
      if (Object.keys(rejected).length > 0)
        throw new Error(`${subject} of ${tree} rejected requests: ${JSON.stringify(rejected)}`)
      let end = await use()
      while (end.handled - start.handled < requests) {
        await new Promise((next) => setTimeout(next, 5))
        end = await use()
      }
      return (end.cpu - start.cpu) / requests
    },
    stop: () => child.stop(),
  }
}

for (const subject of values.subject)
  for (const bytes of values.bytes.map(Number)) {
    const costs: number[][] = []
    for (let process = 0; process < Number(values.processes); process++) {
      const servers = [
        await serve(before, subject),
        await serve(here, subject),
        await serve(here, 'node-by-hand'),
      ]
      for (const server of servers) await server.round(bytes, 5 * Number(values.time))
      for (let round = 0; round < Number(values.rounds); round++) {
        const row: number[] = []
        for (let at = 0; at < 3; at++) {
          const one = (at + round) % 3
          row[one] = await servers[one]!.round(bytes, Number(values.time))
        }
        costs.push(row)
      }
      for (const server of servers) await server.stop()
    }
    const [old, now, hand] = [0, 1, 2].map((at) => median(costs.map((row) => row[at]!)).toFixed(1))
    const ratio = (of: number, to: number): string => {
      const all = costs.map((row) => row[of]! / row[to]!)
      return `${median(all).toFixed(3)} [${quantile(all, 0.25).toFixed(2)}–${quantile(all, 0.75).toFixed(2)}]`
    }
    console.log(
      `${subject}, ${bytes} bytes: ${old} → ${now} µs, hand-written ${hand}; before / now ${ratio(0, 1)}, hand-written / now ${ratio(2, 1)}, hand-written / before ${ratio(2, 0)}`,
    )
  }
await loader.stop()
