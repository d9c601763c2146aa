// `node test/bench/before-http.ts <worktree>` compares the CPU cost of a delivery over HTTP between this worktree,
// another worktree (of the commit before a change, with its packages installed) and the hand-written server. Rounds are
// interleaved. Options:
//   --subject <name>  a subject of both worktrees, default node-postern; repeatable
//   --bytes <n>       size of the body, default 1024 and 8192; repeatable
//   --processes <n>   processes of each server, one after another, default 4: V8 compiles differently in each process
//   --rounds <n>      rounds of each process, default 8
//   --time <ms>       of each server in each round, default 400
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { inTurn, median, quantile } from '../services/figures.ts'
import { delivery, ID_HEADERS } from './deliveries.ts'
import { startLoader, startServer, type RunningServer } from './http/processes.ts'

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
const loader = await startLoader()

/** Returns the CPU microseconds of a request at the server. */
async function costOf(server: RunningServer, bytes: number, time: number): Promise<number> {
  const start = await server.use()
  const { requests, rejected } = await loader.run({
    port: server.port,
    path: '/hook',
    ...delivery('github', bytes),
    idHeader: ID_HEADERS.github,
    connections: 64,
    time,
  })
  if (Object.keys(rejected).length > 0)
    throw new Error(`requests were rejected: ${JSON.stringify(rejected)}`)
  let end = await server.use()
  while (end.handled - start.handled < requests) {
    await new Promise((next) => setTimeout(next, 5))
    end = await server.use()
  }
  return (end.cpu - start.cpu) / requests
}

const [rounds, time] = [Number(values.rounds), Number(values.time)]
for (const subject of values.subject)
  for (const bytes of values.bytes.map(Number)) {
    const costs: readonly [old: number[], now: number[], hand: number[]] = [[], [], []]
    for (let process = 0; process < Number(values.processes); process++) {
      const servers = [
        await startServer(subject, {}, resolve(before)),
        await startServer(subject, {}),
        await startServer('node-by-hand', {}),
      ]
      for (const server of servers) await costOf(server, bytes, 5 * time)
      const found = await inTurn(servers, { rounds, warm: 0 }, (server) =>
        costOf(server, bytes, time),
      )
      for (const [at, all] of costs.entries()) all.push(...found[at]!)
      for (const server of servers) await server.stop()
    }
    const [old, now, hand] = costs
    const ratio = (of: readonly number[], to: readonly number[]): string => {
      const all = of.map((cost, at) => cost / to[at]!)
      return `${median(all).toFixed(3)} [${quantile(all, 0.25).toFixed(2)}–${quantile(all, 0.75).toFixed(2)}]`
    }
    const [was, is, beside] = costs.map((all) => median(all).toFixed(1))
    console.log(
      `${subject}, ${bytes} bytes: ${was} → ${is} µs, hand-written ${beside}; before / now ${ratio(old, now)}, hand-written / now ${ratio(hand, now)}, hand-written / before ${ratio(hand, old)}`,
    )
  }
await loader.stop()
